import type { Check } from '../../shared/domain/check.ts';
import type { Revision } from '../../shared/domain/deployment.ts';
import type { IdentityConfig } from '../../shared/domain/gate-config.ts';

export type Identified =
  | { readonly kind: 'known'; readonly check: Check }
  | { readonly kind: 'unknown'; readonly detail: string };

/** The check with what its answers must say of who answered, where the configuration asks for it. */
export function identified(
  check: Check,
  identity: IdentityConfig | undefined,
  revision: Revision | undefined,
): Identified {
  const concerns = identity !== undefined && (identity.check ?? check.name) === check.name;
  if (!concerns) return { kind: 'known', check };
  const fact = factOf(identity, revision);
  if (fact.text === undefined) return { kind: 'unknown', detail: fact.missing };
  const expect = { ...check.expect, identity: { from: identity.from, equals: fact.text } };
  return { kind: 'known', check: { ...check, expect } };
}

type Fact = { readonly text: string | undefined; readonly missing: string };

function factOf({ equals }: IdentityConfig, revision: Revision | undefined): Fact {
  switch (equals.kind) {
    case 'text':
      return { text: equals.text, missing: '' };
    case 'revision-id':
      return { text: revision?.arn.split('/').at(-1), missing: 'the revision is not known' };
    case 'task-definition':
      return {
        text: revision?.taskDefinitionArn?.split('/').at(-1),
        missing: 'the revision names no task definition',
      };
    case 'image-digest': {
      const images = (revision?.containers ?? []).filter(
        ({ name }) => equals.container === undefined || name === equals.container,
      );
      const [image] = images;
      return images.length > 1
        ? {
            text: undefined,
            missing: `identity.container must name one of ${images.length} containers`,
          }
        : { text: image?.imageDigest, missing: 'ECS reports no image digest for the container' };
    }
  }
}
