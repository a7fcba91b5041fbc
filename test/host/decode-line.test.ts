import { decodeLine } from '../../host/decode-line';

describe('decodeLine', () => {
  it.each([
    ['an emoji', 'loss \u{1F642} 0.1'],
    ['control characters', 'a\0b\rc\u001b[31m'],
    ['a byte order mark', '\uFEFFhello'],
    ['nothing', ''],
  ])('keeps %s', (_, text) => {
    expect(decodeLine(Buffer.from(text))).toEqual({ text, badBytes: 0 });
  });

  it('counts the bad bytes that the engine has replaced', () => {
    expect(decodeLine(Buffer.from('a\uFFFD\uFFFDb\uFFFD'))).toEqual({ text: 'a\uFFFD\uFFFDb\uFFFD', badBytes: 3 });
  });

  it('replaces and counts a byte that begins no character', () => {
    expect(decodeLine(Buffer.from([0x61, 0xff, 0x62]))).toEqual({ text: 'a\uFFFDb', badBytes: 1 });
  });
});
