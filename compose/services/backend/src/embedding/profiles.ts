/**
 * Embedding profiles: a model together with the collection that holds its vectors. Exactly one is active. Each process
 * keeps the active one in memory, model and collection as one value, so that a question is never compared with vectors
 * of another model.
 */
import type { Bus } from '../store/bus.ts';
import type { Database, Queries } from '../store/database.ts';
import type { EmbeddingModel } from '../store/nlp.ts';

/** `building`: being filled, not yet searched. `previous`: kept up to date, to go back to. `retired`: given up. */
export const profileStates = ['active', 'building', 'previous', 'retired'] as const;
export type ProfileState = (typeof profileStates)[number];

export interface EmbeddingProfile extends EmbeddingModel {
  readonly id: string;
  /** What the model reads at most, special word-pieces aside. */
  readonly maxTokens: number;
  readonly collection: string;
  readonly status: ProfileState;
}
export interface Profiles {
  /** As this process knows it. An older one is still right: it is kept up to date until long after a change. */
  active(): EmbeddingProfile;
  /** Reads it again. @throws {BackendProblem} `database-unavailable` */
  refresh(): Promise<EmbeddingProfile>;
}

const columns = `id, model, dim, max_tokens as "maxTokens", collection, status`;

/** Those whose collections hold the passages of every live document: the active one first, then `building`, `previous`. */
export const writtenProfiles = (queries: Queries): Promise<EmbeddingProfile[]> =>
  queries.rows<EmbeddingProfile>(
    `select ${columns} from embedding_profiles where status in ('active','building','previous')
     order by array_position(array['active','building','previous'], status), id`,
  );

export async function findProfile(queries: Queries, id: string): Promise<EmbeddingProfile | undefined> {
  return queries.one<EmbeddingProfile>(`select ${columns} from embedding_profiles where id = $1`, [id]);
}

/** Taken while a document becomes visible (`shared`) and while another profile becomes the active one. */
export async function lockProfiles(queries: Queries, how: 'shared' | 'exclusive'): Promise<void> {
  await queries.rows(`select pg_advisory_xact_lock${how === 'shared' ? '_shared' : ''}(742010)`);
}

/** What the schema begins with, until the database was asked. */
export const firstProfile: EmbeddingProfile = {
  id: 'minilm384p1',
  model: 'sentence-transformers/all-MiniLM-L6-v2',
  dim: 384,
  maxTokens: 254,
  collection: 'chunks__minilm384__p1',
  status: 'active',
};

export function createProfiles(database: Database, bus: Pick<Bus, 'on' | 'onConnected'>): Profiles {
  let active = firstProfile;
  async function refresh(): Promise<EmbeddingProfile> {
    const row = await database.one<EmbeddingProfile>(
      `select ${columns} from embedding_profiles where status = 'active'`,
    );
    active = row ?? active;
    return active;
  }
  const again = (): void => void refresh().catch(() => undefined);
  bus.on('embedding', again);
  bus.onConnected(again);
  return { active: () => active, refresh };
}
