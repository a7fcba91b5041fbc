import { inspect } from 'node:util';

import { plainAgent } from '../../docker/modem-dial';
import { testEngine } from '../helpers/engine';

const { engine, dispose } = testEngine();
afterAll(dispose);

describe('a call to the engine', () => {
  it("does not have the library beneath it write out the caller's signal, and with it all that hangs on it", async () => {
    const { signal } = new AbortController();
    const written = jest.fn(() => 'signal');
    Object.defineProperty(signal, inspect.custom, { value: written });
    signal.addEventListener('abort', written);
    await expect(engine.waitContainer('trainyard-no-such-container', signal)).rejects.toThrow('no-such-container');
    expect(written).not.toHaveBeenCalled();
  });

  it('goes through an agent that tells nothing of its sockets when it is written out', () => {
    expect(inspect(plainAgent(), { showHidden: true, depth: null })).toBe('Agent');
  });
});
