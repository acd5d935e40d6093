-- What went wrong in a pool, as its owner sees it (spec/api.md 7.4).

create table worker_pool_error (
  error_id text collate "C" primary key,
  worker_pool_id text collate "C" not null,
  reported timestamptz(3) not null,
  kind text not null,
  title text not null,
  description text not null,
  extra jsonb not null,
  launch_config_id text collate "C"
);

create index worker_pool_error_listing on worker_pool_error (worker_pool_id, reported, error_id);
create index worker_pool_error_reported on worker_pool_error (reported);
