import { statement } from './database.ts';
import type { Queryable } from './database.ts';

/** What was done to a pool (spec/api.md 7.6). */
export type AuditAction = 'created' | 'updated' | 'deleted';

const insertAudit = statement(
  'audit.insert',
  `insert into audit (entity_id, entity_type, client_id, action_type, created) values ($1, 'worker-pool', $2, $3, $4)`,
);

/** Records who did what to a pool, as part of the transaction that does it. */
export async function audit(
  transaction: Queryable,
  workerPoolId: string,
  clientId: string,
  action: AuditAction,
  now: Date,
): Promise<void> {
  await transaction.run(insertAudit, [workerPoolId, clientId, action, now]);
}
