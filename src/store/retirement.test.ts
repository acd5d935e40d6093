import { describe } from 'node:test';
import { retirementPromises } from '#test/conformance/store/retirement.ts';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';

describe('retirement in PostgreSQL', () => retirementPromises(openPostgresStore));
