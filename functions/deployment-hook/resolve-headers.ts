import { awsProblemOf } from '../../shared/aws/errors.ts';
import type { ParameterGateway } from '../../shared/aws/parameter-gateway.ts';
import type { SecretGateway } from '../../shared/aws/secret-gateway.ts';
import type { Check, HeaderValue } from '../../shared/domain/check.ts';
import type { ResolvedHeaders } from '../../shared/http/request.ts';

export type HeaderDeps = {
  readonly secrets: SecretGateway;
  readonly parameters: ParameterGateway;
};

export type HeaderResolution =
  | { readonly kind: 'resolved'; readonly headers: ResolvedHeaders }
  | { readonly kind: 'unresolved'; readonly reason: string; readonly detail: string };

/** The header values that a check sends, read from where they are kept. Never log what this returns. */
export async function resolveHeaders(
  check: Check,
  deps: HeaderDeps,
  signal: AbortSignal,
): Promise<HeaderResolution> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(check.headers)) {
    try {
      const text = (await resolve(value, deps, signal)).replace(/\r?\n$/, '');
      if (!isSendable(text)) {
        const detail = `header ${name}: its ${value.kind} holds what no header can carry`;
        return { kind: 'unresolved', reason: 'header-not-sendable', detail };
      }
      headers[name] = text;
    } catch (error) {
      const { reason, detail } = awsProblemOf(error);
      return { kind: 'unresolved', reason, detail: `header ${name}: ${detail}` };
    }
  }
  return { kind: 'resolved', headers };
}

/** What HTTP allows in a header; a line break at the end, as files have one, is taken off before. */
const isSendable = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text);

async function resolve(value: HeaderValue, deps: HeaderDeps, signal: AbortSignal): Promise<string> {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'secret':
      return await deps.secrets.readSecret(value.secretArn, value.key, signal);
    case 'parameter': {
      const text = await deps.parameters.readParameter(value.name, signal);
      if (text === undefined) throw new Error(`parameter ${value.name} does not exist`);
      return text;
    }
  }
}
