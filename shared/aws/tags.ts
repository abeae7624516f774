import { recordOf } from '../domain/record.ts';

type EcsTags = readonly {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}[];

/** ECS's tags by key; a tag without a value is empty text. */
export const tagsOf = (tags: EcsTags | undefined): Readonly<Record<string, string>> =>
  recordOf((tags ?? []).flatMap(({ key, value }) => (key ? [[key, value ?? '']] : [])));
