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
];

/** The knowledge base that every person starts with; the API also knows it as `default`. */
export const defaultKnowledgeBase = '00000000-0000-7000-8000-000000000001';
