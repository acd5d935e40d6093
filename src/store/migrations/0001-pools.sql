-- Pools, their launch configs and who changed them (spec/api.md 6, 7.1, 7.2, 7.6).
--
-- Conventions of all migrations: ids are compared byte by byte (collate "C") whatever the database's locale, so that every listing has one order.
-- Instants have milliseconds, like those of the program: what is read back equals what was written, and keys of pages are exact.

-- The id of a launch config (6.2). PostgreSQL's own jsonb text is the canonical text that existing ids were made of.
create function launch_config_id(pool_id text, launch_config jsonb) returns text
  language sql immutable parallel safe
  return case
    when jsonb_typeof(launch_config #> '{workerManager,launchConfigId}') = 'string'
      then launch_config #>> '{workerManager,launchConfigId}'
    else 'lc-' || left(md5(convert_to(pool_id || (launch_config - 'workerManager')::text, 'UTF8')), 20)
  end;

-- A launch config with its id written into it, as pools show it (6.1): what two requests must agree on to be the same.
create function launch_config_named(launch_config jsonb, id text) returns jsonb
  language sql immutable parallel safe
  return launch_config || jsonb_build_object(
    'workerManager',
    case when jsonb_typeof(launch_config -> 'workerManager') = 'object' then launch_config -> 'workerManager' else '{}' end
      || jsonb_build_object('launchConfigId', id)
  );

create table worker_pool (
  worker_pool_id text collate "C" primary key,
  provider_id text collate "C" not null,
  previous_provider_ids text[] not null default '{}',
  description text not null,
  owner text not null,
  email_on_error boolean not null,
  -- Without `launchConfigs`; whether the user's config had that member (an empty list included) is kept beside it.
  config jsonb not null,
  has_launch_configs boolean not null,
  created timestamptz(3) not null,
  last_modified timestamptz(3) not null
);

create table launch_config (
  worker_pool_id text collate "C" not null references worker_pool on delete cascade,
  launch_config_id text collate "C" not null,
  is_archived boolean not null default false,
  -- The place in the list that was submitted last.
  position integer not null,
  configuration jsonb not null,
  created timestamptz(3) not null,
  last_modified timestamptz(3) not null,
  primary key (worker_pool_id, launch_config_id)
);

create index launch_config_active on launch_config (worker_pool_id, position) where not is_archived;

create table audit (
  audit_id bigint generated always as identity primary key,
  entity_id text collate "C" not null,
  entity_type text not null,
  client_id text not null,
  action_type text not null check (action_type in ('created', 'updated', 'deleted')),
  created timestamptz(3) not null
);

create index audit_of_entity on audit (entity_type, entity_id, created);
create index audit_of_client on audit (client_id, created);
