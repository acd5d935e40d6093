import type { LaunchStore, Setback } from '#core/launch-store.ts';
import { statement } from './database.ts';
import type { Database } from './database.ts';
import { storableText } from './values.ts';

const selectSetbacks = statement(
  'setbacks.get',
  `select provider_id as "providerId", scope, class, code, message, failures, since, until
  from setback where provider_id = $1 order by scope`,
);
const upsertSetback = statement(
  'setbacks.save',
  `insert into setback (provider_id, scope, class, code, message, failures, since, until) values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (provider_id, scope) do update set class = excluded.class, code = excluded.code, message = excluded.message,
    failures = excluded.failures, since = excluded.since, until = excluded.until`,
);
const deleteSetback = statement('setbacks.clear', 'delete from setback where provider_id = $1 and scope = $2');

export function setbackStore(database: Database): Pick<LaunchStore, 'setbacks' | 'saveSetback' | 'clearSetback'> {
  return {
    setbacks: async (providerId) => database.rows<Setback>(selectSetbacks, [providerId]),

    saveSetback: async (setback) => {
      const { providerId, scope, code, message, failures, since, until } = setback;
      const texts = [setback.class, storableText(code), storableText(message)];
      await database.run(upsertSetback, [providerId, scope, ...texts, failures, since, until]);
    },

    clearSetback: async (providerId, scope) => (await database.run(deleteSetback, [providerId, scope])) > 0,
  };
}
