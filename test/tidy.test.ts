import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ignored = /^(node_modules|dist|out|coverage|\.git|\.venv|\.aws-sam|package-lock\.json)(\/|$)/;
const textFile = /(\.(ts|json|md|yaml|yml|toml|py|txt)|^\.ci\/run|^(LICENSE|NOTICE))$/;
const files = globSync('**/*', { exclude: (name) => ignored.test(name) })
  .concat(globSync('{.ci,.github}/**/*'))
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => !ignored.test(file) && textFile.test(file))
  .sort();
const contents = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
const textOf = (file: string): string => contents.get(file) ?? '';
const filesIn = (...folders: readonly string[]): readonly string[] =>
  files.filter((file) => folders.some((folder) => file.startsWith(folder)));
const codeIn = (...folders: readonly string[]): readonly string[] =>
  filesIn(...folders).filter((file) => file.endsWith('.ts'));
const code = codeIn('functions/', 'shared/', 'simulator/', 'cli/');

/** `file:line text` of every line that matches. */
const linesLike = (pattern: RegExp, among: readonly string[]): readonly string[] =>
  among.flatMap((file) =>
    textOf(file)
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1} ${line.trim()}`] : [])),
  );

/** Files that import a module, statically, dynamically or for its types. */
const importersOf = (module: RegExp, among: readonly string[]): readonly string[] =>
  among.filter((file) =>
    [...textOf(file).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].some(([, name = '']) =>
      module.test(name),
    ),
  );

describe('the repository', () => {
  it('is found at all', () => {
    expect(files).toContain('shared/domain/gate.ts');
    expect(files).toContain('.ci/run');
    expect(files.length).toBeGreaterThan(100);
  });

  it('has a domain without chance, promises and things left to do', () => {
    const forbidden = /\bMath\.random\b|\basync\b|\bawait\b|\bTODO\b|\bFIXME\b/;
    expect(linesLike(forbidden, codeIn('shared/domain/'))).toEqual([]);
  });

  it.each<readonly [string, RegExp, readonly string[], string]>([
    ['the AWS SDK', /^@(aws-sdk|smithy)\//, codeIn('shared/'), 'shared/aws/'],
    ['sockets', /^node:(https?|http2|net|tls|dgram)$/, codeIn('shared/'), 'shared/http/'],
    [
      'middy and powertools',
      /^@middy\/|^@aws-lambda-powertools\//,
      codeIn('shared/', 'functions/', 'cli/', 'simulator/'),
      'shared/runtime/',
    ],
    ['the domain', /shared\/domain\//, codeIn('simulator/'), 'nowhere/'],
  ])('imports %s in one place only', (_, module, among, place) => {
    expect(importersOf(module, among).filter((file) => !file.startsWith(place))).toEqual([]);
  });

  it.each(globSync('functions/*'))('has the four files of %s', (folder) => {
    for (const name of ['index.ts', 'handler.ts', 'config.ts', 'README.md']) {
      expect(files).toContain(`${folder.split(path.sep).join('/')}/${name}`);
    }
  });

  it.each(filesIn('events/'))('uses %s in a test', (file) => {
    const [, folder = '', name = ''] = file.split('/');
    const own = codeIn('test/').filter((test) => textOf(test).includes(folder));
    expect(own.filter((test) => textOf(test).includes(name))).not.toEqual([]);
  });

  it('has no function of more than 70 lines', () => {
    const long = code.flatMap((file) =>
      functionsOf(textOf(file)).flatMap(({ line, lines }) =>
        lines > functionLinesMax ? [`${file}:${line} has ${lines} lines`] : [],
      ),
    );
    expect(long).toEqual([]);
  });

  it('counts the lines of functions of every form', () => {
    const body = '    x();\n'.repeat(3);
    const text = [
      `export function a(\n  b: number,\n): void {\n${body}}`,
      `const c = async ({\n  d,\n}: D): Promise<void> => {\n${body}};`,
      `  return {\n    async e(f) {\n${body}    },\n  };`,
      'if (g) {\n  h();\n}',
    ].join('\n');
    expect(functionsOf(text).map(({ lines }) => lines)).toEqual([7, 5, 5]);
  });

  it('has no line of more than 110 characters, but for a text that cannot be broken', () => {
    const unbreakable = /(['`]).{50,}\1|^\s*\/[^ ].*\/[a-z]*;?$|https?:\/\/\S{40,}/;
    const long = [...code, ...codeIn('test/')].flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, at) =>
          line.length > lineCharsMax && !unbreakable.test(line) ? [`${file}:${at + 1}`] : [],
        ),
    );
    expect(long).toEqual([]);
  });

  it('speaks of nothing but itself', () => {
    const banned = [
      '/wo' + 'rk/',
      '/ro' + 'ot/',
      'assis' + 'tant',
      'session ' + 'id',
      'registry.npm' + 'js',
    ];
    const found = files.flatMap((file) =>
      banned.flatMap((word) =>
        textOf(file).toLowerCase().includes(word) ? [`${file}: ${word}`] : [],
      ),
    );
    expect(found).toEqual([]);
  });
});

const functionLinesMax = 70;
const lineCharsMax = 110;

/** Functions as Biome formats them: from the line that opens the body to the brace at its indent. */
function functionsOf(text: string): readonly { readonly line: number; readonly lines: number }[] {
  const lines = text.split('\n');
  const indentOf = (line: string): number => line.length - line.trimStart().length;
  const header = /\bfunction\b.*[{(]$|=> \{$|^\s+(async )?\w+\(.*\)(: .+)? \{$/;
  const control = /^\s*(\} )?(if|else|for|while|switch|catch|do|try)\b/;
  return lines.flatMap((line, at) => {
    if (!header.test(line) || control.test(line)) return [];
    const end = lines.findIndex(
      (other, to) =>
        to > at && indentOf(other) === indentOf(line) && /^\}(?!.*\{$)/.test(other.trimStart()),
    );
    return end < 0 ? [] : [{ line: at + 1, lines: end - at + 1 }];
  });
}

/** Words in the shape of a reason that are something else. */
const otherWords = new Set([
  ...['deployment-hook', 'opt-in', 'content-type', 'content-length', 'transfer-encoding'],
  ...['image-digest', 'revision-id', 'task-definition', 'x-ballast-probe', 'user-agent'],
  ...['not-json', 'not-green', 'not-routed', 'not-reachable', 'source-ip', 'listener-rule'],
  ...['side-read-failed', 'state-not-saved', 'accept-encoding', 'keep-alive', 'utf-8'],
  ...['path-pattern', 'host-header', 'http-header', 'query-string', 'http-request-method'],
  ...[
    'alert-sent',
    'alert-not-sent',
    'outbox-failed',
    'item-failed',
    'restarts-left-out',
    'event-dropped',
    'event-ignored',
  ],
  ...[
    'report-failed',
    'task-stopped',
    'service-action',
    'deployment-state',
    'hook-state',
    'task-state',
  ],
  // Parts of a snapshot, and why one is missing.
  ...['capacity-providers', 'event-windows', 'instance-types', 'launch-times'],
  ...['scalable-targets', 'zonal-shifts', 'managed-instances'],
  ...['denied', 'failed', 'missing', 'throttled', 'truncated'],
  // Log lines of instance-replacement, causes of its incidents, and what announces a replacement.
  ...['instance-replacement', 'cluster-failed', 'cluster-not-looked-at', 'record-unreadable'],
  ...['day-14', 'no-departure', 'event-window', 'below-count'],
  ...[
    'aws-health',
    'aws-health-over',
    'spot-interruption',
    'rebalance-recommendation',
    'ec2-stopping',
  ],
  // Parts of a snapshot, why one is a gap, and what runs a task.
  ...['capacity-providers', 'event-windows', 'instance-types', 'launch-times', 'zonal-shifts'],
  ...['scalable-targets', 'managed-instances', 'denied', 'failed', 'missing', 'throttled'],
  ...['truncated', 'reason'],
  // Verdicts and log lines of az-balance.
  ...['az-balance', 'would-act', 'ecs-will', 'cluster-failed', 'memory-contended'],
  ...['memory-unreadable', 'imbalance-ended', 'turn-lost'],
  // Figures that density follows, and its log lines.
  ...['tasks-per-instance', 'reserved-share', 'idle-share', 'task-size', 'memory-contended'],
]);

/** Kinds of incidents and causes of stops and events are documented elsewhere, and tested there. */
const unions = ['incident', 'stop-rules', 'event-meaning'].map(
  (name) => `shared/domain/${name}.ts`,
);
for (const file of unions) {
  for (const [, word = ''] of textOf(file).matchAll(/\| '([a-z-]+)'/g)) otherWords.add(word);
}
/** Kinds of incidents and causes of stops that go by the name of a function's own reason. */
const isKindToo = (name: string, word: string): boolean =>
  (name === 'deployment-hook' && (word === 'break-glass' || word === 'stage-not-gated')) ||
  (name === 'az-balance' && word === 'instance-draining') ||
  (name === 'instance-replacement' && word === 'not-recovered');

/** Words of incidents and alerts: kinds stand in docs/operations.md, causes in docs/stop-causes.md. */
const ofIncidents =
  /^shared\/(domain\/(alert|digest|event-meaning|incident|mute|stop-|service-action|deployment-event)|aws\/(incident|alert|outbox)|events\/(ecs-event|task-state-change))/;

/** A file and all that it imports of this repository, whether at once or later. */
function closureOf(entry: string): readonly string[] {
  const found = new Set<string>();
  const pending = [entry];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (found.has(file) || ofIncidents.test(file)) continue;
    found.add(file);
    for (const [, name = ''] of textOf(file).matchAll(/'(\.\.?\/[^']+\.ts)'/g)) {
      pending.push(path.posix.join(path.posix.dirname(file), name));
    }
  }
  return [...found];
}

const literalsIn = (text: string): readonly string[] =>
  [...text.matchAll(/'([a-z][a-z0-9]*(?:-[a-z0-9]+)*)'/g)].map(([, word = '']) => word);

/** Kebab-case words with a hyphen anywhere, and any word where a reason stands for certain. */
function reasonsIn(file: string): readonly string[] {
  const text = textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '');
  const certain = [
    ...text.matchAll(/\breason(?:\??): ((?:[^,;{}]|\n)*)[,;}]/g),
    ...text.matchAll(/\b(?:proceed|rollback)\(\s*('[^']*')/g),
    ...text.matchAll(/\b(?:finding|checkFinding|routing)\((?:\w+, )?\s*'\w+',\s*('[^']*')/g),
    ...text.matchAll(/\btype \w*(?:Reason|Fault|NotReachable) =([^;]*);/g),
  ].flatMap(([, part = '']) => literalsIn(part.replace(/===\s*'[^']*'/g, '')));
  return [...certain, ...literalsIn(text).filter((word) => word.includes('-'))];
}

const functionNames = globSync('functions/*').map((folder) => path.basename(folder));

describe.each(functionNames)('the reasons of %s', (name) => {
  const decides =
    /^(functions|shared\/domain|shared\/http)\/|^shared\/(aws\/errors|runtime\/read-message)\.ts$/;
  const words = closureOf(`functions/${name}/index.ts`)
    .filter((file) => decides.test(file))
    .flatMap(reasonsIn);
  const reasons = [...new Set(words)]
    .filter((word) => !otherWords.has(word) || isKindToo(name, word))
    .sort();
  const section = textOf('docs/reasons.md').split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
  const documented = [...section.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(
    ([, reason = '']) => reason,
  );

  it('are documented in docs/reasons.md, each once, and in order', () => {
    expect(reasons.length).toBeGreaterThan(0);
    expect(documented).toEqual(reasons);
  });

  it.each(reasons)('%s is asserted by a test', (reason) => {
    const whole = new RegExp(`(?<![\\w-])${reason}(?![\\w-])`);
    const tests = codeIn('test/').filter((file) => file !== 'test/tidy.test.ts');
    expect(tests.filter((file) => whole.test(textOf(file)))).not.toEqual([]);
  });
});

it('finds reasons wherever they stand', () => {
  const found = closureOf('functions/deployment-hook/index.ts').flatMap(reasonsIn);
  const somewhere = ['off', 'transport', 'undecided', 'no-regression', 'targets-healthy'];
  for (const reason of [...somewhere, 'aws-throttled', 'break-glass', 'no-answer']) {
    expect(found).toContain(reason);
  }
});
