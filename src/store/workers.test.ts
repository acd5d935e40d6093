import { describe } from 'node:test';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { workerPromises } from '#test/conformance/store/workers.ts';

describe('workers in PostgreSQL', () => workerPromises(openPostgresStore));
