import { describe, expect, it } from 'vitest';
import { remembered } from '../../shared/domain/remembered.ts';

function arrange() {
  const computed: string[] = [];
  const describeList = remembered(
    (list: readonly number[], word: string) => [list, word],
    (list, word) => {
      computed.push(word);
      return { text: `${word} ${list.join(' ')}` };
    },
  );
  return { computed, describeList };
}

describe('remembered', () => {
  it('gives the same answer for the same keys', () => {
    const { computed, describeList } = arrange();
    const list = [1, 2];
    expect(describeList(list, 'a')).toBe(describeList(list, 'a'));
    expect(describeList(list, 'a').text).toBe('a 1 2');
    expect(computed).toEqual(['a']);
  });

  it('computes anew for any other key, and for what only looks the same', () => {
    const { computed, describeList } = arrange();
    const list = [1, 2];
    describeList(list, 'a');
    expect(describeList(list, 'b').text).toBe('b 1 2');
    expect(describeList([1, 2], 'b')).not.toBe(describeList(list, 'b'));
    expect(computed).toEqual(['a', 'b', 'b']);
  });

  it('keeps the last answer of each first key', () => {
    const { computed, describeList } = arrange();
    const [one, other] = [[1], [2]];
    describeList(one, 'a');
    describeList(other, 'a');
    describeList(one, 'a');
    expect(computed).toEqual(['a', 'a']);
    describeList(one, 'b');
    describeList(one, 'a');
    expect(computed).toEqual(['a', 'a', 'b', 'a']);
  });
});
