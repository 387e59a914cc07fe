/** Compose files of several sizes. Each service is healthy at its second look at most. */
import { type Shape, shapeYaml } from '../tests/engine/scratch.ts';

/** Services and what they wait for to be healthy. */
type Needs = Readonly<Record<string, readonly string[]>>;

/** Twelve, as in a web application: stores, what stands on them, what people reach. */
const application: Needs = {
  db: [],
  cache: [],
  queue: [],
  search: [],
  auth: ['db', 'cache'],
  catalog: ['db', 'search'],
  orders: ['db', 'queue'],
  mailer: ['queue'],
  worker: ['db', 'queue', 'cache'],
  api: ['auth', 'catalog', 'orders'],
  web: ['api'],
  proxy: ['web', 'api'],
};

/** Forty: four that others stand on, thirty beside each other, six above them. */
function many(): Needs {
  const base = ['base0', 'base1', 'base2', 'base3'];
  const middle = Array.from({ length: 30 }, (_, index) => [`part${index}`, [base[index % 4] ?? '']] as const);
  const top = Array.from({ length: 6 }, (_, index) => [`top${index}`, [`part${index}`, `part${index + 6}`]] as const);
  return Object.fromEntries([...base.map((name) => [name, []] as const), ...middle, ...top]);
}

const service = (image: string, name: string, needs: readonly string[]): string =>
  [
    `  ${name}:`,
    `    image: ${image}`,
    '    init: true',
    '    command: ["sh", "-c", "sleep 0.3; touch /tmp/ready; sleep 1000"]',
    '    healthcheck: { test: ["CMD", "cat", "/tmp/ready"], interval: 1s, timeout: 10s, retries: 20 }',
    ...(needs.length > 0 ? ['    depends_on:', ...needs.map((n) => `      ${n}: { condition: service_healthy }`)] : []),
  ].join('\n');

const yamlOf = (image: string, needs: Needs): string =>
  `services:\n${Object.entries(needs)
    .map(([name, others]) => service(image, name, others))
    .join('\n')}\n`;

export interface Sample {
  readonly title: string;
  /** To reach for a cold start, against Compose; empty where the plan names none. */
  readonly goal: string;
  readonly rounds: number;
  /** False leaves out `down`, which needs a second start. */
  readonly down: boolean;
  readonly yaml: (image: string) => string;
}

const five = (shape: Shape, goal: string): Sample => ({
  title: `five services, ${shape}`,
  goal,
  rounds: 5,
  down: true,
  yaml: (image) => shapeYaml(shape, image),
});

/** Rounds are fewer where one takes long. */
export const samples: readonly Sample[] = [
  five('flat', '≤ 0.90'),
  five('graph', '≤ 0.70'),
  five('chain', '≤ 0.50'),
  { title: 'twelve services', goal: '≤ 0.70', rounds: 3, down: true, yaml: (image) => yamlOf(image, application) },
  { title: 'forty services', goal: '≤ 0.90', rounds: 2, down: false, yaml: (image) => yamlOf(image, many()) },
];

/** One that others stand on, and one that is scaled. */
export const scaled: Sample = {
  title: 'one service of two',
  goal: '',
  rounds: 5,
  down: true,
  yaml: (image) => yamlOf(image, { db: [], web: ['db'] }),
};
