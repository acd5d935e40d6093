import { describe } from 'node:test';
import { noticePromises } from '#test/conformance/store/notices.ts';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';

describe('incidents in PostgreSQL', () => noticePromises(openPostgresStore));
