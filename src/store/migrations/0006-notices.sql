-- Incidents (a pool, a kind, a title) whose owner is told by mail, once per window.

create table notice (
  worker_pool_id text collate "C" not null,
  kind text not null,
  title text not null,
  -- The error that opened the incident: what the mail is about.
  error_id text collate "C" not null references worker_pool_error on delete cascade,
  opened_at timestamptz(3) not null,
  -- Null: the mail is still to be sent.
  sent_at timestamptz(3),
  primary key (worker_pool_id, kind, title)
);

create index notice_waiting on notice (opened_at) where sent_at is null;
create index notice_error on notice (error_id);
