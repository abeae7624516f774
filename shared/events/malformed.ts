/** Input from outside that is not what its sender promises. The message names the field and the wish. */
export class MalformedInput extends Error {
  override readonly name = 'MalformedInput';
}
