/** Input from outside that is not what its sender promises. The message names the field and the wish. */
export class MalformedInput extends Error {
  override readonly name = 'MalformedInput';
}

/** Parses JSON from outside; `name` is what the text is. Throws {@link MalformedInput} with the cause. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MalformedInput(`${name}: expected JSON`, { cause });
  }
}
