/** What a bound of CPU time is a multiple of: a busy or slow processor makes the floor dearer as well. */
import { parse } from 'yaml';

/** Long enough to be measured, short enough to be read between two inputs. */
const floorText = Array.from({ length: 1000 }, (_, at) => `n${at}: {labels: {a: b, c: "d"}, ports: ["80:80"]}\n`).join(
  '',
);
const floorRounds = 3;

/** In ms, of all threads of the process: parsing, compiling, collecting garbage. */
export function cpuOf(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** CPU time of a piece of work that none of our code is part of; the least of a few, which is the least disturbed. In ms. */
export function floorMs(): number {
  return Math.min(
    ...Array.from({ length: floorRounds }, () => {
      const since = process.cpuUsage();
      parse(floorText);
      return cpuOf(since);
    }),
  );
}
