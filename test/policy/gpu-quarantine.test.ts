import { quarantineAfter, type Quarantine } from '../../policy/gpu-quarantine';

const found = { trouble: 'used-from-outside', detail: 'Somebody.' } as const;

function after(...looks: (typeof found | null)[]): Quarantine | undefined {
  return looks.reduce<Quarantine | undefined>(quarantineAfter, undefined);
}

it('begins with the first look that finds something', () => {
  expect(after(null)).toBeUndefined();
  expect(after(null, found)).toMatchObject(found);
});

it('ends once nothing was found twice in a row, and not earlier', () => {
  expect(after(found, null)).toMatchObject(found);
  expect(after(found, null, found, null)).toMatchObject(found);
  expect(after(found, null, null)).toBeUndefined();
});

it('tells of what was found last', () => {
  const other = { trouble: 'unhealthy', detail: 'It is broken.' } as const;
  expect(quarantineAfter(after(found), other)).toMatchObject(other);
});
