import { openPolicyStore } from '../../../store/sqlite-policy-store';

/** Opens the policies of a data folder at a moment that others do it too, and imports and puts the same content. */
const [folder, at] = process.argv.slice(2) as [string, string];

async function main(): Promise<void> {
  while (Date.now() < Number(at)) await new Promise((resolve) => setImmediate(resolve));
  const store = await openPolicyStore(folder);
  const added: string[] = [];
  for (let round = 1; round <= 20; round += 1) {
    const policy = { retries: { attempts: 1 + (round % 10) } };
    const files = [{ name: 'patient', description: 'Patient.', policy: {}, file: '/policies/patient.yaml' }];
    added.push(...(await store.importFiles(files)).added);
    const { policy: kept, isNew } = await store.put({ name: `round-${round}`, description: 'A round.', policy });
    if (isNew) added.push(`${kept.name}@${kept.version}`);
  }
  await store.close();
  process.stdout.write(`${JSON.stringify(added)}\n`);
}

void main();
