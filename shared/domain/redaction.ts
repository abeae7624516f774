/**
 * Takes secrets out of lines that somebody else wrote. It knows shapes, not secrets: what has none of
 * them stays. When in doubt, it takes out: a log line that lost a word still helps, a secret in a
 * mailbox does not come back.
 *
 * No pattern repeats what overlaps with what it repeats next to it or within, and what may have to be
 * taken back is bounded: a line costs a number of steps that grows with its length alone.
 */

/** Stands where something was taken out. */
export const concealed = '***';

/** Longest line that is looked at, in characters; what is behind its last whole word is dropped. */
export const lineCharsMax = 1_000;

/** The same text without secrets, line by line. A private key over many lines becomes one line. */
export const redacted = (text: string): string =>
  withoutPrivateKeys(text)
    .split('\n')
    .map((line) => redactLine(bounded(line)))
    .join('\n');

/** Half a secret would not be recognised, so a cut never goes through a word. */
function bounded(line: string): string {
  if (line.length <= lineCharsMax) return line;
  const end = line.slice(0, lineCharsMax + 1).search(/\s\S*$/);
  return end < 0 ? concealed : line.slice(0, end);
}

const privateKey =
  /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}[\s\S]*?(?:-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|$)/g;
const privateKeyEnd = /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g;

/** A key whose beginning or end lies outside of the text takes all on that side with it. */
function withoutPrivateKeys(text: string): string {
  const rest = text.replace(privateKey, concealed);
  const last = [...rest.matchAll(privateKeyEnd)].at(-1);
  return last === undefined ? rest : `${concealed}${rest.slice(last.index + last[0].length)}`;
}

function redactLine(line: string): string {
  const plain = urlCredentials.reduce((text, one) => text.replace(one, `$1${concealed}@`), line);
  const valueless = assignments.reduce(withoutValues, plain);
  return rules.reduce(
    (text, { pattern, isSecret }) =>
      text.replace(pattern, (match) => (isSecret?.(match) === false ? match : concealed)),
    valueless.replace(bearer, `$1 ${concealed}`),
  );
}

/** `://user:password@`, also where somebody forgot to encode a slash; a port is no password. */
const urlCredentials: readonly RegExp[] = [
  /(:\/\/)[^\s/?#"'<>]{1,512}@/g,
  /(:\/\/)[^\s:/@"'<>]{0,128}:(?!\d{1,5}\/)[^\s:"'<>]{1,512}@(?=[\w[])/g,
];

const bearer = /\b(bearer)[\s:=]{1,4}[^\s"',;<>]{1,1000}/gi;

const mailAddress =
  /(?<![^\s@"'`<>()[\]{},;:=|/\\*])[^\s@"'`<>()[\]{},;:=|/\\*]{1,1000}@(?:[A-Za-z0-9\u00a1-\uffff-]{1,63}\.){1,8}[A-Za-z\u00a1-\uffff]{2,24}(?![\w-])/g;

/** What is recognised by itself. `isSecret` looks closer where a shape alone says too little. */
const rules: readonly {
  readonly pattern: RegExp;
  readonly isSecret?: (match: string) => boolean;
}[] = [
  { pattern: /\bbasic {1,4}[A-Za-z0-9+/]{6,1000}={0,2}/gi, isSecret: isBasicCredential },
  // JSON in base64, as all parts of a JSON Web Token but its signature are.
  { pattern: /eyJ[\w-]{4,1000}(?:\.[\w-]{0,1000}){0,4}/g },
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
  { pattern: /A(?:3T[A-Z0-9]|(?:BI|CC|GP|ID|IP|KI|NP|NV|PK|RO|SC|SI)A)[A-Z0-9]{12,124}/g },
  {
    pattern:
      /(?<![A-Za-z0-9])(?:gh[oprsu]_|github_pat_|glpat-|xox[a-z]-|sk-|[prs]k_(?:live|test)_)[\w-]{16,1000}/g,
  },
  { pattern: mailAddress },
  {
    pattern:
      /(?<![\d.])(?:\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{13,19})(?!\d)/g,
    isSecret: isCardNumber,
  },
  { pattern: /[A-Za-z0-9+/=_-]{20,1000}/g, isSecret: looksRandom },
];

/** Base64 comes in fours, and is not all lower case: `basic authentication` is none. */
function isBasicCredential(match: string): boolean {
  const token = match.slice(match.lastIndexOf(' ') + 1);
  return token.length % 4 === 0 && /[^a-z]/.test(token);
}

/** First digits of payment cards, and the check digit that all of them have (ISO/IEC 7812). */
function isCardNumber(match: string): boolean {
  const digits = [...match.replace(/\D/g, '')].map(Number).reverse();
  const sum = digits.reduce((total, digit, at) => {
    const weighed = at % 2 === 0 ? digit : digit * 2;
    return total + (weighed > 9 ? weighed - 9 : weighed);
  }, 0);
  return /^(?:[3-6]|2[2-7])/.test(match) && digits.length >= 13 && sum % 10 === 0;
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/**
 * Whether hex or base64 is drawn by chance rather than made of words. Request ids (UUIDs) are what one
 * looks for in a log: they stay.
 */
function looksRandom(run: string): boolean {
  const rest = run.replace(uuid, '');
  const isMixed = /[a-z]/.test(rest) && /[A-Z]/.test(rest);
  // 40 characters have the secret keys of AWS; nobody writes a plus sign within words.
  const isKey = rest.length === 40 && /[\d/]/.test(rest);
  const isBase64 = rest.length >= 32 && rest.includes('+');
  if (isMixed && (isKey || isBase64)) return true;
  return rest.length >= 20 && ((isMixed && isUnsteady(rest)) || hasOddParts(rest));
}

/** Words of two letters, which make names look as if they were drawn by chance. */
const shortWords = /(?:A[st]|By|Do|Go|I[dfns]|My|No|O[fnr]|To|Up)(?=[A-Z\d]|$)/g;

/** Among letters and digits, chance changes their kind at every other step, and words seldom do. */
function isUnsteady(run: string): boolean {
  const kinds = run
    .replace(shortWords, '')
    .replace(/[a-z]/g, 'a')
    .replace(/[A-Z]/g, 'A')
    .replace(/\d/g, '0');
  const pairs = [...kinds].slice(1).map((kind, at) => `${kinds[at]}${kind}`);
  const inside = pairs.filter((pair) => /^[aA0]{2}$/.test(pair));
  const changes = inside.filter((pair) => pair[0] !== pair[1]);
  return inside.length >= 15 && changes.length >= inside.length * 0.42;
}

/** One long part that nobody would write, or several shorter ones. */
function hasOddParts(run: string): boolean {
  const lengths = run
    .split(/[+/=_-]/)
    .filter((part) => part.length >= 4 && !isWordy(part))
    .map(({ length }) => length);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return lengths.some((length) => length >= 20) || (run.length >= 24 && total >= 18);
}

/** `checkout`, `OrderServiceV2Impl`, `sha256`, `512MiB`: words, and at most one number among them. */
function isWordy(part: string): boolean {
  const numbers = part.match(/\d+/g)?.length ?? 0;
  if (/^\d+$/.test(part)) return true;
  if (numbers > 1) return false;
  if (/[a-z]/.test(part) && /[A-Z]/.test(part)) return isCamelCase(part, numbers);
  const isAtEdge = /^\d{1,6}\D|\D\d{1,4}$/.test(part);
  return part.length <= (numbers === 0 ? 32 : isAtEdge ? 24 : 12);
}

/** In words of mixed case a small letter seldom stands alone, and abbreviations are few and short. */
function isCamelCase(part: string, numbers: number): boolean {
  const long = part.replace(shortWords, '');
  const alone = long.match(/(?<![a-z])[a-z](?![a-z])/g)?.length ?? 0;
  const abbreviations = part.match(/[A-Z]{2,}/g) ?? [];
  return (
    alone <= (numbers === 0 ? part.length / 16 : 0) &&
    abbreviations.length <= 2 &&
    abbreviations.every(({ length }) => length <= 8)
  );
}

const equality =
  /(?<![\w.-])((?:(?:access|account|api|auth|encryption|master|private|secret|session|shared|signing) )?[\w.-]{1,1000})(?:\[\w{0,8}\])?\\{0,3}["'`]?\]?\s{0,32}[:=]{1,2}>?(\s{0,32})/gi;

/** A name with its sign of equality, an option, or an element: behind each stands a value. */
const assignments: readonly RegExp[] = [
  equality,
  /(?<![\w.-])--([A-Za-z][\w-]{0,1000})( {1,4})(?=[^\s-])/g,
  /<([A-Za-z][\w.:-]{0,200})()>(?=[^<])/g,
];

/** Takes out the values whose names say that they are secret. */
function withoutValues(line: string, assignment: RegExp): string {
  let [result, at] = ['', 0];
  for (const { 0: match, 1: name = '', 2: gap = '', index } of line.matchAll(assignment)) {
    const from = index + match.length;
    if (index < at || from >= line.length || !isSensitive(name)) continue;
    const value = line.slice(from);
    if (saysNothing(name, value)) continue;
    const isYaml = gap !== '' && match.includes(':');
    const isWhole = isYaml || header.test(name) || /^[\s{[]/.test(value);
    const { kept, length } = extentOf(
      value,
      isWhole ? undefined : endOf(match, line.slice(0, index)),
    );
    result += `${line.slice(at, from)}${kept}${concealed}${kept}`;
    at = from + length;
  }
  return result + line.slice(at);
}

const header = /authorization|cookie/i;

/** What ends a value without quotes: the tag of an element, the sign between many, or else a space. */
function endOf(match: string, before: string): RegExp {
  if (match.startsWith('<')) return /</;
  return before.trimEnd().endsWith(';') ? /;/ : /\s/;
}

/** How far a value goes: to the quote that ends it, or else to its end; `kept` is its quote. */
function extentOf(
  value: string,
  end: RegExp | undefined,
): { readonly kept: string; readonly length: number } {
  const [quote] = /^\\{0,3}["'`]/.exec(value) ?? [];
  const last = quote === undefined ? value.search(end ?? /$/) : closing(value, quote) + 1;
  return { kept: quote ?? '', length: last <= 0 ? value.length : last };
}

/** Where the quote comes again, as much escaped as at the beginning: that is JSON in JSON, too. */
function closing(value: string, quote: string): number {
  const sign = quote.at(-1) ?? '';
  for (let at = value.indexOf(sign, quote.length); at >= 0; at = value.indexOf(sign, at + 1)) {
    let escapes = 0;
    while (value[at - 1 - escapes] === '\\') escapes += 1;
    if (escapes === quote.length - 1) return at;
  }
  return -1;
}

/** Names that are secret by a part of them, whatever stands around it. */
const telling =
  /passw|passphrase|passcode|secret|token(?!i[sz])|credential|authorization|cookie|sessionid|connectionstring|(?:access|account|api|auth|encryption|master|private|shared|signing|storage)key/;
/** Names that are secret as a word of their own: `author` and `compass` are not. */
const tellingWords: ReadonlySet<string> = new Set([
  ...['auth', 'cred', 'creds', 'hmac', 'jwt', 'otp', 'pass', 'pin', 'psk', 'pwd', 'salt', 'sid'],
  ...['dbpass', 'pgpass', 'sig', 'signature', 'totp', 'userpass'],
]);
/** What is about a secret and none itself, by its last word: what a line says of an error stays. */
const about: ReadonlySet<string> = new Set([
  ...['arn', 'count', 'error', 'exception', 'expires', 'expiry', 'failure', 'length', 'name'],
  ...['client', 'controller', 'factory', 'filter', 'handler', 'interceptor', 'manager', 'provider'],
  ...['repository', 'resolver', 'secretsmanager', 'service', 'ttl', 'type', 'validator'],
]);

function isSensitive(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  if (about.has(words.at(-1) ?? '')) return false;
  return telling.test(words.join('')) || words.some((word) => tellingWords.has(word));
}

/** That there is no secret is often what went wrong; how many tokens a model used is no secret. */
const saysNothing = (name: string, value: string): boolean =>
  /^(?:false|missing|nil|no|none|null|true|undefined|unset|yes)(?=[\s,;)}\]]|$)/i.test(value) ||
  (/tokens$/i.test(name) && /^\d{1,9}(?=[\s,;)}\]]|$)/.test(value));

/** For the test that counts their steps. */
export const redactionPatterns = (): readonly RegExp[] => [
  ...[privateKey, privateKeyEnd, bearer, uuid],
  ...urlCredentials,
  ...rules.map(({ pattern }) => pattern),
  ...assignments,
];
