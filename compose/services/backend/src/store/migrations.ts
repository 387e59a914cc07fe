/** The schema, step by step. A step that has shipped is never edited: a change is a new step. */
export const migrations: readonly { readonly id: number; readonly sql: string }[] = [
  {
    id: 1,
    sql: `
create table knowledge_bases (
  id uuid primary key,
  name text not null unique,
  settings jsonb not null default '{}',
  created_at timestamptz not null default now()
);
insert into knowledge_bases (id, name) values ('00000000-0000-7000-8000-000000000001', 'default');

create table embedding_profiles (
  id text primary key,
  model text not null,
  dim int not null,
  max_tokens int not null,
  bm25_opts jsonb not null,
  collection text not null,
  status text not null
);

create table documents (
  id uuid primary key,
  kb_id uuid not null references knowledge_bases (id) on delete cascade,
  source_uri text not null,
  title text not null,
  mime text not null,
  bytes bigint not null,
  state text not null check (state in
    ('queued','extracting','chunking','embedding','indexing','ready','failed','deleting')),
  progress real not null default 0,
  error_code text,
  error_message text,
  current_version int,
  last_version int not null default 0,
  pages int,
  chunk_count int not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
);
create unique index documents_source on documents (kb_id, source_uri) where deleted_at is null;

create table document_versions (
  doc_id uuid not null references documents (id) on delete cascade,
  version int not null,
  content_sha256 bytea not null,
  pipeline text not null,
  mime text not null,
  original bytea not null,
  text text,
  pages int,
  created_at timestamptz not null default now(),
  primary key (doc_id, version)
);
alter table document_versions alter column original set storage external;
create index document_versions_content on document_versions (content_sha256);

create table chunks (
  id uuid primary key,
  doc_id uuid not null,
  version int not null,
  no int not null,
  text text not null,
  token_count int not null,
  page int,
  start_at int not null,
  end_at int not null,
  heading_path jsonb not null,
  terms tsvector generated always as (to_tsvector('english', text)) stored,
  unique (doc_id, version, no),
  foreign key (doc_id, version) references document_versions (doc_id, version) on delete cascade
);
create index chunks_terms on chunks using gin (terms);

create table jobs (
  id uuid primary key,
  kind text not null check (kind in ('ingest','delete','purge')),
  doc_id uuid not null,
  version int,
  state text not null check (state in ('queued','running','done','failed','cancelled')),
  stage text,
  attempts int not null default 0,
  error_code text,
  error_message text,
  run_after timestamptz not null default now(),
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create index jobs_open on jobs (run_after) where state in ('queued','running');
create index jobs_document on jobs (doc_id);

create table conversations (
  id uuid primary key,
  title text not null,
  titled boolean not null default false,
  kb_ids uuid[] not null,
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz
);
create index conversations_recent on conversations (updated_at desc);

create table messages (
  id uuid primary key,
  conversation_id uuid not null references conversations (id) on delete cascade,
  parent_id uuid,
  role text not null check (role in ('user','assistant')),
  content text not null,
  status text not null check (status in ('streaming','completed','stopped','error','abstained')),
  provider text,
  model text,
  usage jsonb,
  error jsonb,
  created_at timestamptz not null default now()
);
create index messages_conversation on messages (conversation_id, created_at, id);

create table message_sources (
  message_id uuid not null references messages (id) on delete cascade,
  n int not null,
  chunk_id uuid not null,
  doc_snapshot jsonb not null,
  strength text not null,
  score real not null,
  primary key (message_id, n)
);

create table providers (
  name text primary key,
  kind text not null,
  settings jsonb not null default '{}',
  secret_enc bytea,
  updated_at timestamptz not null default now()
);
create table config_entries (
  key text primary key,
  value jsonb not null,
  version int not null default 1,
  updated_at timestamptz not null default now()
);
`,
  },
  {
    // People, who owns what, several knowledge bases, configuration with a history, runs and jobs that replicas share.
    id: 2,
    sql: `
create table users (
  id uuid primary key,
  email text unique check (email = lower(email)),
  name text not null default '',
  password_hash text,
  role text not null check (role in ('owner','user')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  disabled_at timestamptz,
  deleted_at timestamptz
);
insert into users (id, name, role) values ('00000000-0000-7000-8000-000000000002', 'Owner', 'owner');

create table api_keys (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  name text not null,
  hash bytea not null,
  last4 text not null,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz
);
create index api_keys_user on api_keys (user_id);

alter table knowledge_bases drop constraint knowledge_bases_name_key;
alter table knowledge_bases
  add column owner_id uuid references users (id),
  add column description text not null default '',
  add column is_default boolean not null default false,
  add column revision int not null default 1,
  add column updated_at timestamptz not null default now(),
  add column deleted_at timestamptz;
update knowledge_bases set owner_id = '00000000-0000-7000-8000-000000000002',
  is_default = (id = '00000000-0000-7000-8000-000000000001');
alter table knowledge_bases alter column owner_id set not null;
create unique index knowledge_bases_name on knowledge_bases (owner_id, name) where deleted_at is null;
create unique index knowledge_bases_default on knowledge_bases (owner_id) where is_default and deleted_at is null;

create table kb_members (
  kb_id uuid not null references knowledge_bases (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  role text not null check (role in ('reader','editor')),
  created_at timestamptz not null default now(),
  primary key (kb_id, user_id)
);
create index kb_members_user on kb_members (user_id);

create table sources (
  id uuid primary key,
  kb_id uuid not null references knowledge_bases (id) on delete cascade,
  kind text not null check (kind in ('folder','url','rss')),
  uri text not null,
  settings jsonb not null default '{}',
  every_seconds int,
  cursor jsonb not null default '{}',
  next_sync_at timestamptz,
  last_sync_at timestamptz,
  error_code text,
  error_message text,
  paused_at timestamptz,
  revision int not null default 1,
  created_at timestamptz not null default now(),
  unique (kb_id, kind, uri)
);
create index sources_due on sources (next_sync_at) where paused_at is null;

alter table documents drop constraint documents_state_check;
alter table documents
  add constraint documents_state_check check (state in
    ('queued','extracting','chunking','embedding','indexing','ready','failed','cancelled','deleting')),
  add column source_id uuid references sources (id) on delete set null,
  add column tags text[] not null default '{}',
  add column revision int not null default 1;
create index documents_tags on documents using gin (tags);
create index documents_kb on documents (kb_id, id desc);

alter table jobs drop constraint jobs_kind_check;
update jobs set state = 'queued', lease_until = null where state = 'running';
alter table jobs
  alter column doc_id drop not null,
  add column kb_id uuid,
  add column user_id uuid,
  add column payload jsonb not null default '{}',
  add column progress real not null default 0,
  add column lease_owner text;
update jobs j set kb_id = d.kb_id from documents d where d.id = j.doc_id;
create unique index jobs_one_per_document on jobs (doc_id) where state = 'running';

create table outbox (
  id uuid primary key,
  topic text not null,
  payload jsonb not null,
  attempts int not null default 0,
  run_after timestamptz not null default now(),
  created_at timestamptz not null default now(),
  done_at timestamptz
);
create index outbox_open on outbox (topic, run_after) where done_at is null;

alter table conversations add column user_id uuid references users (id) on delete cascade;
update conversations set user_id = '00000000-0000-7000-8000-000000000002';
alter table conversations alter column user_id set not null;
create index conversations_of_user on conversations (user_id, updated_at desc, id desc);
update messages set status = 'stopped' where status = 'streaming';

create table runs (
  id uuid primary key,
  conversation_id uuid not null references conversations (id) on delete cascade,
  message_id uuid not null references messages (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  state text not null check (state in ('running','completed','stopped','error','abstained')),
  config jsonb not null,
  replica text not null,
  lease_until timestamptz not null,
  started_at timestamptz not null default now(),
  ended_at timestamptz
);
create index runs_open on runs (lease_until) where state = 'running';
create index runs_conversation on runs (conversation_id);

alter table config_entries add column updated_by uuid;
create table config_state (
  one boolean primary key default true check (one),
  revision int not null
);
insert into config_state (revision) values (1);
create table config_history (
  id bigint generated always as identity primary key,
  revision int not null,
  key text not null,
  old_value jsonb,
  new_value jsonb,
  changed_by uuid,
  changed_at timestamptz not null default now()
);
create index config_history_key on config_history (key, id desc);

create table idempotency_keys (
  user_id uuid not null,
  key text not null,
  request_sha256 bytea not null,
  status int,
  body jsonb,
  locked_until timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (user_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

insert into embedding_profiles (id, model, dim, max_tokens, bm25_opts, collection, status) values
  ('minilm384p1', 'sentence-transformers/all-MiniLM-L6-v2', 384, 254, '{"avg_len":130,"language":"english"}', 'chunks__minilm384__p1', 'active');
`,
  },
  {
    // What is known of a reading beside its end; what a source held when it was last looked at.
    id: 3,
    sql: `
alter table documents
  add column notices jsonb not null default '[]',
  add column remaining_ms int;
alter table jobs add column result jsonb;
alter table sources
  add column name text not null default '',
  add column updated_at timestamptz not null default now();

create table source_items (
  source_id uuid not null references sources (id) on delete cascade,
  path text not null,
  doc_id uuid references documents (id) on delete set null,
  size bigint not null default 0,
  modified_ms bigint not null default 0,
  content_sha256 bytea,
  error_code text,
  error_message text,
  seen_at timestamptz not null default now(),
  primary key (source_id, path)
);
create index source_items_document on source_items (doc_id);
`,
  },
  {
    // What an answer's marks stand for and how well they are borne out; answers and questions that others took the place of.
    id: 4,
    sql: `
alter table messages
  add column citations jsonb not null default '[]',
  add column replaced_at timestamptz;
`,
  },
  {
    // What came of the executions of workflows, each once; what people say of answers.
    id: 5,
    sql: `
create table workflow_runs (
  execution_id text primary key,
  workflow text not null,
  status text not null check (status in ('running','success','error')),
  message text,
  at timestamptz not null,
  created_at timestamptz not null default now()
);
create index workflow_runs_recent on workflow_runs (workflow, at desc);
create index workflow_runs_age on workflow_runs (at);

create table feedback (
  message_id uuid primary key references messages (id) on delete cascade,
  rating text not null check (rating in ('up','down')),
  note text,
  updated_at timestamptz not null default now()
);
`,
  },
  {
    // Questions with known answers, and how well search and abstention did on them. A run keeps the questions it began with.
    id: 6,
    sql: `
create table eval_sets (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  name text not null,
  description text not null default '',
  items jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, name)
);

create table eval_runs (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  job_id uuid not null references jobs (id) on delete cascade,
  set_id uuid references eval_sets (id) on delete set null,
  set_name text not null,
  kb_ids uuid[] not null,
  modes text[] not null,
  top_k int not null,
  items jsonb not null,
  report jsonb,
  created_at timestamptz not null default now(),
  started_at timestamptz
);
create index eval_runs_of_user on eval_runs (user_id, id desc);

create table eval_results (
  run_id uuid not null references eval_runs (id) on delete cascade,
  no int not null,
  result jsonb not null,
  primary key (run_id, no)
);
`,
  },
  {
    // Several embedding profiles side by side: which versions of which documents are whole in whose collection. The
    // model is no longer part of what a document is read with, and what is put before a passage is kept with it.
    id: 7,
    sql: `
alter table embedding_profiles
  add column created_at timestamptz not null default now(),
  add column undo_until timestamptz,
  add constraint embedding_profiles_status_check check (status in ('active','building','previous','retired'));
create unique index embedding_profiles_active on embedding_profiles (status) where status = 'active';

create table embedded_versions (
  profile_id text not null references embedding_profiles (id) on delete cascade,
  doc_id uuid not null,
  version int not null,
  primary key (profile_id, doc_id, version),
  foreign key (doc_id, version) references document_versions (doc_id, version) on delete cascade
);
create index embedded_versions_document on embedded_versions (doc_id, version);
insert into embedded_versions (profile_id, doc_id, version)
  select 'minilm384p1', id, current_version from documents where current_version is not null;

alter table chunks add column context text;
update document_versions set pipeline = regexp_replace(pipeline, '-minilm384p1$', '');
`,
  },
  {
    // What was told beside an answer while it was made, so that it is told again when it is read later.
    id: 8,
    sql: `
alter table messages
  add column notices jsonb not null default '[]',
  add column nearest jsonb not null default '[]';
`,
  },
];

/** Who holds the environment's own token: the panel and the CLI. */
export const ownerId = '00000000-0000-7000-8000-000000000002';
