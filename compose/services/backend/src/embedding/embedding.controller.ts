import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { Caller, type Principal } from '../auth/principal.ts';
import { CONFIG, type RagConfig } from '../config/service.ts';
import { modelMax } from '../documents/chunker.ts';
import { BackendProblem } from '../http/problem.ts';
import { Input, Route, route } from '../http/route.ts';
import { SEARCH_PARTS, type SearchParts } from '../retrieval/search.ts';
import { BUS, type Bus } from '../store/bus.ts';
import { changeJson, EMBEDDING, type EmbeddingRepository, profileJson } from './repository.ts';

const tag = 'Embedding';
const embeddingJson = z
  .object({
    active: profileJson,
    profiles: z.array(profileJson),
    /** What the embedding service offers; empty while it does not answer. `maxTokens` without the special ones. */
    models: z.array(z.object({ model: z.string(), dim: z.number(), maxTokens: z.number(), active: z.boolean() })),
    change: changeJson.nullable(),
    undo: z.object({ profile: profileJson, untilMs: z.number().nullable() }).nullable(),
  })
  .meta({ id: 'Embedding' });
type EmbeddingJson = z.output<typeof embeddingJson>;

const get = route({
  method: 'get',
  path: 'v1/embedding',
  summary: 'The embedding model, those that could take its place, and a change under way',
  tag,
  access: 'person',
  answers: { 200: embeddingJson },
});
const change = route({
  method: 'post',
  path: 'v1/embedding/change',
  summary: 'Build the passages of another embedding model beside those that answer, then swap',
  tag,
  access: 'owner',
  body: z.strictObject({ model: z.string().min(1).max(200) }),
  answers: { 202: embeddingJson },
  problems: [
    'embedding-change-running',
    'embedding-model-unknown',
    'embedding-unavailable',
    'vector-store-unavailable',
  ],
});
const cancel = route({
  method: 'post',
  path: 'v1/embedding/change/cancel',
  summary: 'Give the change up, and what was built for it',
  tag,
  access: 'owner',
  answers: { 200: embeddingJson },
  problems: ['job-final'],
});
const undo = route({
  method: 'post',
  path: 'v1/embedding/undo',
  summary: 'Go back to the embedding model before, whose passages were kept up to date',
  tag,
  access: 'owner',
  answers: { 200: embeddingJson },
  problems: ['embedding-no-undo', 'embedding-change-running', 'vector-store-unavailable'],
});

@Controller()
export class EmbeddingController {
  readonly #parts: SearchParts;
  readonly #embedding: EmbeddingRepository;
  readonly #config: RagConfig;
  readonly #bus: Bus;
  constructor(
    @Inject(SEARCH_PARTS) parts: SearchParts,
    @Inject(EMBEDDING) embedding: EmbeddingRepository,
    @Inject(CONFIG) config: RagConfig,
    @Inject(BUS) bus: Bus,
  ) {
    this.#parts = parts;
    this.#embedding = embedding;
    this.#config = config;
    this.#bus = bus;
  }

  async #state(): Promise<EmbeddingJson> {
    const [profiles, running, back, models] = await Promise.all([
      this.#embedding.profiles(),
      this.#embedding.change(),
      this.#embedding.undo(),
      this.#parts.nlp.models(AbortSignal.timeout(3000)).catch(() => []),
    ]);
    const active = profiles.find((profile) => profile.status === 'active');
    if (active === undefined) throw new Error('no embedding profile is active');
    const previous = profiles.find((profile) => profile.id === back?.profile.id);
    return {
      active,
      profiles,
      models: models.map(({ model, dim, maxTokens }) => ({
        model,
        dim,
        maxTokens: maxTokens - 2,
        active: model === active.model,
      })),
      change: running,
      undo: previous === undefined ? null : { profile: previous, untilMs: back?.untilMs ?? null },
    };
  }

  @Route(get)
  get(): Promise<EmbeddingJson> {
    return this.#state();
  }

  @Route(change)
  async change(@Caller() who: Principal, @Input() { body }: Input<typeof change>): Promise<EmbeddingJson> {
    const unknown = (why: string): BackendProblem => new BackendProblem('embedding-model-unknown', why);
    const offered = (await this.#parts.nlp.models()).find((entry) => entry.model === body.model);
    if (offered === undefined) throw unknown('The embedding service does not offer this model.');
    // Passages are cut for this many; what a model does not read it would silently leave out.
    if (offered.maxTokens - 2 < modelMax)
      throw unknown(`It reads ${offered.maxTokens - 2} word-pieces at most, passages have up to ${modelMax}.`);
    const active = await this.#parts.profiles.refresh();
    if (active.model === offered.model) throw unknown('It is the model that is in use.');
    const profile = await this.#embedding.draft(offered);
    // There before anybody writes to it.
    await this.#parts.vectors.of(profile.collection).ensure(profile.dim);
    await this.#embedding.begin(who.userId, profile);
    this.#bus.publish('jobs.wake', {});
    return this.#state();
  }

  @Route(cancel)
  async cancel(): Promise<EmbeddingJson> {
    const jobId = await this.#embedding.cancel();
    this.#bus.publish('jobs.interrupt', { jobId });
    this.#bus.publish('jobs.wake', {});
    return this.#state();
  }

  @Route(undo)
  async undo(@Caller() who: Principal): Promise<EmbeddingJson> {
    if ((await this.#embedding.change())?.state === 'building')
      throw new BackendProblem('embedding-change-running', 'Wait until it is done, or cancel it first.');
    const back = await this.#embedding.undo();
    if (back === null) throw new BackendProblem('embedding-no-undo', 'There is no embedding model before this one.');
    const hours = this.#config.values()['embedding.undoHours'];
    if (await this.#embedding.swap(back.profile.id, ['previous'], hours)) {
      const { collection } = await this.#parts.profiles.refresh();
      this.#bus.publish('embedding', {});
      await this.#parts.vectors.pointAlias(collection);
    } else {
      // A document is not in it yet: filled up first.
      await this.#embedding.begin(who.userId, back.profile);
      this.#bus.publish('jobs.wake', {});
    }
    return this.#state();
  }
}
