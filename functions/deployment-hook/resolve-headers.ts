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
      headers[name] = await resolve(value, deps, signal);
    } catch (error) {
      const { reason, detail } = awsProblemOf(error);
      return { kind: 'unresolved', reason, detail: `header ${name}: ${detail}` };
    }
  }
  return { kind: 'resolved', headers };
}

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
