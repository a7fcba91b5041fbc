import { lockDataFolder } from '../../../store/data-lock';

/** Takes a lock of a data folder and holds it until it is killed. */
const [folder, name] = process.argv.slice(2) as [string, string];
lockDataFolder(folder, name);
process.stdout.write('locked\n');
setInterval(() => {}, 60_000);
