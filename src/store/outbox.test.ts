import { describe } from 'node:test';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { outboxPromises } from '#test/conformance/store/outbox.ts';

describe('outbox in PostgreSQL', () => outboxPromises(openPostgresStore));
