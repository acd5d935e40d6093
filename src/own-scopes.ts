/** What the service's own client must be allowed: it issues these to workers, and calls the queue with them (spec/api.md 4). */
export const ownScopes: readonly string[] = [
  'auth:create-client:worker/*',
  'assume:worker-type:*',
  'assume:worker-pool:*',
  'assume:worker-id:*',
  'notify:email:*',
  'secrets:get:worker-type:*',
  'secrets:get:worker-pool:*',
  'queue:claim-work:*',
  'queue:worker-id:*',
  'queue:pending-count:*',
  'queue:claimed-count:*',
  'worker-manager:remove-worker:*',
  'worker-manager:reregister-worker:*',
  'worker-manager:should-worker-terminate:*',
];
