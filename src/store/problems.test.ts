import { describe } from 'node:test';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { problemPromises } from '#test/conformance/store/problems.ts';

describe('problems in PostgreSQL', () => problemPromises(openPostgresStore));
