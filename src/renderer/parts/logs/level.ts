/** How loud a line is, as far as common formats say so: pino and JSON levels, PostgreSQL, Redis, Python, nginx, Rust. */
export type Level = 'error' | 'warn' | 'debug' | null;

const json = /"(?:level|severity|levelname)"\s*:\s*"?(\w+)"?/i;
const words: readonly (readonly [RegExp, Level])[] = [
  [/\b(?:FATAL|PANIC|CRITICAL|CRIT|EMERG|ALERT|ERROR)\b/, 'error'],
  [/\b(?:WARN|WARNING)\b/, 'warn'],
  [/\b(?:DEBUG|TRACE)\b/, 'debug'],
  [/^(?:error|fatal|panic):|\[(?:error|crit|emerg|alert)\]/i, 'error'],
  [/^(?:warn|warning):|\[warn(?:ing)?\]/i, 'warn'],
  // Redis: "1:M 23 Nov 2026 20:00:00.000 # Warning: no config file"
  [/^\d+:[A-Z] \d{1,2} \w{3} \d{4} [\d:.]+ # /, 'warn'],
];

function ofJson(value: string): Level {
  const n = Number(value);
  if (!Number.isNaN(n)) return n >= 50 ? 'error' : n >= 40 ? 'warn' : n <= 20 ? 'debug' : null;
  const word = value.toLowerCase();
  if (/^(?:error|fatal|critical|panic)$/.test(word)) return 'error';
  if (word.startsWith('warn')) return 'warn';
  return word === 'debug' || word === 'trace' ? 'debug' : null;
}

/** Looks at the first 400 characters only. null: ordinary, or unknown. */
export function levelOf(text: string): Level {
  const start = text.slice(0, 400);
  const found = json.exec(start)?.[1];
  if (found !== undefined) return ofJson(found);
  for (const [pattern, level] of words) if (pattern.test(start)) return level;
  return null;
}
