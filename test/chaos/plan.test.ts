import { parseOptions, UsageError } from '../../chaos/options';
import { PARTS, planBlows } from '../../chaos/plan/blows';
import { KINDS, planRuns, submissionOf } from '../../chaos/plan/runs';
import { foldedPadding, unfold } from '../../chaos/padding';
import { seededRandom } from '../../chaos/random';
import { validateSpec } from '../../contract/validate-spec';

describe('a plan of blows', () => {
  const options = { rounds: 10, parts: PARTS, freezeMs: 40_000 };

  it('is the same for the same seed, and another for another', () => {
    const plans = ['one', 'one', 'two'].map((seed) => planBlows(seededRandom(seed), options));

    expect(plans[1]).toEqual(plans[0]);
    expect(plans[2]).not.toEqual(plans[0]);
  });

  it('kills every part and freezes one in each round, and freezes each in its turn', () => {
    const rounds = planBlows(seededRandom('some'), options);

    for (const round of rounds) {
      const killed = round.filter(({ how }) => how === 'kill').map(({ part }) => part);
      expect(killed.sort()).toEqual([...PARTS].sort());
      expect(round).toHaveLength(PARTS.length + 1);
    }
    const frozen = rounds.flat().filter(({ how }) => how === 'freeze');
    for (const part of PARTS) expect(frozen.filter((blow) => blow.part === part)).toHaveLength(2);
  });

  it('deals them in another order each round', () => {
    const orders = planBlows(seededRandom('some'), options).map((round) => round.map(({ part }) => part).join());

    expect(new Set(orders).size).toBeGreaterThan(5);
  });
});

describe('a plan of runs', () => {
  const next = (count: number, seed = 'some') => {
    const plans = planRuns(seededRandom(seed), 60);
    return Array.from({ length: count }, () => plans.next().value);
  };

  it('is the same for the same seed', () => {
    expect(next(40)).toEqual(next(40));
  });

  it('brings every kind before any comes again', () => {
    const kinds = next(2 * KINDS.length).map(({ kind }) => kind);

    expect(kinds.slice(0, KINDS.length).sort()).toEqual([...KINDS].sort());
    expect(kinds.slice(KINDS.length).sort()).toEqual([...KINDS].sort());
  });

  it('has lines of 17 to 60 KB, at most five a second and not enough for a second file of the engine', () => {
    const acts = next(10 * KINDS.length)
      .filter(({ kind }) => kind === 'long-lines')
      .flatMap((run) => run.acts);

    expect(acts).toHaveLength(10);
    for (const { lines, longEvery, pauseMs, blocks } of acts) {
      const bytesOf = (number: number, count: number) =>
        unfold(foldedPadding('abcdef01', 'stdout', number, count)).length;
      expect(Math.min(...blocks.map((count) => bytesOf(longEvery, count)))).toBeGreaterThan(17_000);
      expect(Math.max(...blocks.map((count) => bytesOf(lines!, count)))).toBeLessThan(60_000);
      expect(longEvery * pauseMs).toBeGreaterThanOrEqual(200);
      expect((lines! / longEvery) * 60_000).toBeLessThan(40_000_000);
    }
  });

  it('makes submissions that are accepted', () => {
    for (const run of next(2 * KINDS.length)) {
      const submission = submissionOf(run, { image: 'trainyard/base:bookworm', truth: '/srv/truth', label: 'some' });
      expect(validateSpec(submission).faults ?? []).toEqual([]);
    }
  });
});

describe('the options', () => {
  it('have defaults, a new seed among them', () => {
    const [one, other] = [parseOptions([])!, parseOptions([])!];

    expect(one).toMatchObject({ rounds: 3, live: 20, freezeMs: 40_000, parts: PARTS });
    expect(one.seed).not.toBe(other.seed);
  });

  it('are read', () => {
    const args = ['--rounds', '20', '--seed', 'abc', '--runs', '5', '--freeze', '3', '--only', 'engine,api'];

    expect(parseOptions(args)).toMatchObject({
      ...{ rounds: 20, seed: 'abc', live: 5, freezeMs: 3_000 },
      parts: ['api', 'engine'],
    });
    expect(parseOptions(['--help'])).toBeNull();
  });

  it.each([
    [['--rounds', '0'], '--rounds must be a whole number from 1 on; got "0"'],
    [['--only', 'api,disk'], '--only knows api, control, host, temporal, engine; got "disk"'],
    [['--fly'], '--fly'],
    [['more'], 'more'],
  ])('refuse %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});
