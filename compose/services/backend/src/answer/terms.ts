/** Words as Postgres stems them, with how rare each is among the passages: rare words of a question weigh more. */
import type { Database } from '../store/database.ts';

export interface Term {
  readonly lexeme: string;
  /** BM25's idf; always above 0. */
  readonly idf: number;
  /** Written like a name: a capital letter not at the question's start. */
  readonly isName: boolean;
}

/** Words that look like names: a capital after the first word, or inside a word. */
export function namesIn(question: string): string[] {
  return question
    .split(/\s+/)
    .map((word) => word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''))
    .filter((word, at) => /^.+\p{Lu}/u.test(word) || (at > 0 && /^\p{Lu}\p{L}/u.test(word)));
}

/** The question's words without stop words. A bound keeps a pasted page from asking thousands of times. */
export async function questionTerms(database: Database, question: string): Promise<Term[]> {
  const rows = await database.rows<{ lexeme: string; df: number; total: number; named: boolean }>(
    `with q as (select lexeme from unnest(to_tsvector('english', $1)) limit 40),
          n as (select greatest(coalesce(sum(chunk_count), 0), 1)::float8 as total from documents where deleted_at is null)
     select q.lexeme, n.total, q.lexeme in (select lexeme from unnest(to_tsvector('english', $2))) as named,
       (select count(*)::float8 from (select 1 from chunks
          where terms @@ ('''' || replace(replace(q.lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery limit 5000) m) as df
     from q, n`,
    [question, namesIn(question).join(' ')],
  );
  return rows.map(({ lexeme, df, total, named }) => ({
    lexeme,
    isName: named,
    idf: Math.log(1 + (Math.max(total, df) - df + 0.5) / (df + 0.5)),
  }));
}

/** The lexemes of each text. */
export async function lexemesOf(database: Database, texts: readonly string[]): Promise<Set<string>[]> {
  const rows = await database.rows<{ lexemes: string[] }>(
    `select tsvector_to_array(to_tsvector('english', t.text)) as lexemes
     from unnest($1::text[]) with ordinality as t(text, at) order by t.at`,
    [texts],
  );
  return rows.map((row) => new Set(row.lexemes));
}

/** Share of the question's weight that the lexemes hold, 0 to 1; 0 for a question of stop words. */
export function coverage(terms: readonly Term[], lexemes: ReadonlySet<string>): number {
  const whole = terms.reduce((sum, term) => sum + term.idf, 0);
  if (whole === 0) return 0;
  return terms.reduce((sum, term) => sum + (lexemes.has(term.lexeme) ? term.idf : 0), 0) / whole;
}
