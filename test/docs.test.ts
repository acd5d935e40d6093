import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { defaultPace } from '#core/pace.ts';
import { setbackPaces } from '#core/setback.ts';
import { taskKinds } from '#core/task-store.ts';
import type { TaskKind } from '#core/task-store.ts';
import { moves } from '#core/worker.ts';
import { configureProviders } from '#providers/directory.ts';
import { providerModules } from '#providers/index.ts';
import { loadConfig } from '#src/config.ts';
import { kindsOf } from '#src/processes.ts';
import { metricTable } from '#telemetry/metric-table.ts';

/** What the documents say, compared with what the code does: a sentence that was true once must not stay by mistake. */

const read = (path: string): string => readFileSync(path, 'utf8');
const documents = globSync(['*.md', 'docs/**/*.md']).toSorted();
const sources = globSync('src/**/*.ts').filter((path) => !path.endsWith('.test.ts'));
const architecture = read('ARCHITECTURE.md');
const operating = read('docs/operating.md');
const providing = read('docs/providers.md');

/** The text without its fenced blocks, in which other rules hold. */
function proseOf(text: string): string {
  return text.replaceAll(/^ *```[^]*?^ *```/gm, '');
}

/** What stands in backticks. */
function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

function blocksOf(text: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm');
  return [...text.matchAll(fence)].map(([, block = '']) => block);
}

/** The part below a heading, to the next heading of any depth. */
function sectionOf(text: string, heading: string): string {
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section, `there is no section "${heading}"`);
  return section;
}

/** The rows of the table whose header begins with this cell, as cells. */
function tableOf(text: string, firstHeader: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${firstHeader} |`));
  assert.notEqual(start, -1, `there is no table of "${firstHeader}"`);
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'));
  return lines.slice(start + 2, length === -1 ? undefined : start + length).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** Everything in backticks in one column of a table. */
function namesIn(rows: readonly (readonly string[])[], column = 0): string[] {
  return rows.flatMap((cells) => codeIn(cells[column] ?? ''));
}

function sameMembers(actual: Iterable<string>, expected: Iterable<string>): void {
  assert.deepEqual([...new Set(actual)].toSorted(), [...new Set(expected)].toSorted());
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(text: string): string[] {
  return [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Runs a check on each document; what it finds is told with the document's name. */
function inEach(find: (text: string, path: string) => readonly string[]): void {
  const found = documents.flatMap((path) => find(read(path), path).map((problem) => `${path}: ${problem}`));
  assert.deepEqual(found, []);
}

describe('the documents', () => {
  test('what is checked is not nothing', () => {
    for (const path of ['README.md', 'ARCHITECTURE.md', 'docs/operating.md', 'docs/decisions/README.md']) {
      assert.ok(documents.includes(path), path);
    }
  });

  test('links lead somewhere', () => {
    inEach((text, path) => {
      const links = [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
      return links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(link, path));
    });
  });

  test('files and rooms that they name are there', () => {
    const tops = ['src', 'test', 'bench', 'demo', 'docs', 'scripts', 'simulators', '.ci'];
    const rooms = globSync('src/*/').map((room) => room.replaceAll(/^src\/|\/$/g, ''));
    inEach((text) => {
      const paths = codeIn(proseOf(text)).filter((code) => /^[\w.*-]+(?:\/[\w.*-]+)+\/?$/.test(code));
      const named = paths.filter((name) => [...tops, ...rooms].includes(name.split('/', 1)[0] ?? ''));
      // acme: a provider that somebody is going to write.
      return named.filter((name) => !name.includes('acme') && globSync([name, `src/${name}`]).length === 0);
    });
  });

  test('npm scripts that they name exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    inEach((text) => {
      const named = [...text.matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(test|start)\b)/g)];
      return named.map(([, script, short]) => script ?? short ?? '').filter((name) => !Object.hasOwn(scripts, name));
    });
  });

  test('drawings are of a kind that is drawn, with every label in quotes', () => {
    inEach((text) =>
      blocksOf(text, 'mermaid').flatMap((block) => {
        const [kind = ''] = block.split('\n', 1);
        if (!/^(?:stateDiagram-v2|flowchart (?:TD|LR)|sequenceDiagram)$/.test(kind)) return [kind];
        const labels = kind.startsWith('flowchart') ? [...block.matchAll(/[[{][^\]}]*[\]}]/g)] : [];
        return labels.map(([label]) => label).filter((label) => !/^[[{]"[^"]+"[\]}]$/.test(label));
      }),
    );
  });
});

/** Whether a link in a document leads to a file and a heading that exist. */
function leadsSomewhere(link: string, path: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : join(dirname(path), file);
  return existsSync(target) && (anchor === undefined || anchorsOf(read(target)).includes(anchor));
}

describe('ARCHITECTURE', () => {
  test('the drawing of the states has exactly the moves of the table', () => {
    const drawing = blocksOf(sectionOf(architecture, "A worker's states"), 'mermaid')[0] ?? '';
    const arrows = [...drawing.matchAll(/^ *(\w+) --> (\w+): (\w+)$/gm)];
    sameMembers(
      arrows.map(([, from, to, move]) => `${move}: ${from} → ${to}`),
      Object.entries(moves).flatMap(([move, { from, to }]) => from.map((state) => `${move}: ${state} → ${to}`)),
    );
    assert.match(drawing, /\[\*\] --> requested/);
  });

  test('the law of imports is the one that is checked', () => {
    const checked = /^const law\b[^=]*= \{\n([^]*?)^\};/m.exec(read('test/tidy/law-of-imports.ts'))?.[1] ?? '';
    const rows = [...checked.matchAll(/^ {2}(\w+): (.*),$/gm)].map(([, room = '', may = '']) => {
      const rooms = [...may.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
      return `${room}: ${rooms.join(' ')}`;
    });
    const told = tableOf(architecture, 'room').map(([room = '', , may = '']) => {
      const rooms = may === 'all' ? ['all'] : codeIn(may);
      return `${codeIn(room).join(' ')}: ${rooms.join(' ')}`;
    });
    assert.ok(rows.length > 10);
    sameMembers(told, rows);
  });

  test('every table of the database is named, and no other', () => {
    const migrations = globSync('src/store/{migrations/*.sql,migrate.ts}').map(read).join('\n');
    const tables = [...migrations.matchAll(/create table (?:if not exists )?(\w+)/g)].map(([, name = '']) => name);
    sameMembers(namesIn(tableOf(architecture, 'table')), tables);
  });

  test('every kind of task is named with the processes that take it', () => {
    const processesOf = (kind: TaskKind): string => {
      const takers = (['provisioner', 'scanner'] as const).filter((name) => kindsOf[name].includes(kind));
      return takers.length === 2 ? 'both' : takers.join();
    };
    sameMembers(
      tableOf(architecture, 'task').map(([kind = '', , , process = '']) => `${codeIn(kind).join()} ${process}`),
      taskKinds.map((kind) => `${kind} ${processesOf(kind)}`),
    );
  });

  test('every stage of the core is told', () => {
    const told = codeIn(architecture).join(' ');
    const silent = new Set(['json', 'reason', 'wording', 'pace', 'error', 'scope-expression']);
    for (const file of globSync('src/core/*.ts')) {
      const name = /([\w-]+)\.ts$/.exec(file)?.[1] ?? '';
      const isDoor = name.endsWith('-store');
      if (file.endsWith('.test.ts') || isDoor || silent.has(name)) continue;
      assert.ok(told.includes(`${name}.ts`), `src/core/${name}.ts is not named`);
    }
  });
});

describe('docs/operating.md', () => {
  test('the settings are those that src/config.ts reads', () => {
    const reads = [...read('src/config.ts').matchAll(/\bread\.\w+\(\s*'([A-Z_]+)'/g)].map(([, name = '']) => name);
    sameMembers(namesIn(tableOf(operating, 'setting')), reads);
  });

  test('the defaults of simple settings are those of the program', () => {
    const config = loadConfig('docs/example-config.yml', { PORT: '', DATABASE_URL: '', DB_CRYPTO_KEYS: '' });
    const told = new Map(
      tableOf(operating, 'setting').map(([name = '', value = '']) => [codeIn(name)[0], codeIn(value)[0]]),
    );
    const { listen, dataDirectory, keepAliveTimeoutSeconds, forceSsl, scannerConcurrency } = config;
    assert.deepEqual(
      ['HOST', 'PORT', 'DATA_DIRECTORY', 'KEEP_ALIVE_TIMEOUT_SECONDS', 'FORCE_SSL', 'WORKER_SCANNER_CONCURRENCY'].map(
        (name) => told.get(name),
      ),
      [listen.host, listen.port, dataDirectory, keepAliveTimeoutSeconds, forceSsl, scannerConcurrency].map(String),
    );
  });

  test('the pace has the members and defaults of the program', () => {
    const told = tableOf(operating, '`PACE` member').map(([name = '', value]) => [codeIn(name)[0], Number(value)]);
    assert.deepEqual(Object.fromEntries(told), defaultPace);
  });

  test('the settings of AWS providers are those that are read', () => {
    const reads = [...read('src/providers/aws/settings.ts').matchAll(/settings\.(?!reject)\w+\('(\w+)'/g)];
    sameMembers(
      namesIn(tableOf(sectionOf(operating, 'Providers'), 'setting')),
      reads.map(([, name = '']) => name),
    );
  });

  test('the settings of Azure providers are those that are read', () => {
    const text = read('src/providers/azure/settings.ts') + read('src/providers/azure/identity/settings.ts');
    const reads = text.matchAll(/(?:settings\.(?!reject)\w+|addressOf)\((?:settings, )?'(\w+)'/g);
    sameMembers(
      namesIn(tableOf(sectionOf(operating, 'Providers'), 'setting of Azure')),
      new Set([...reads].map(([, name = '']) => name)),
    );
  });

  test('the settings of Google providers are those that are read', () => {
    const text = read('src/providers/google/settings.ts');
    const reads = text.matchAll(/(?:settings\.(?!reject)\w+|readUrl)\((?:settings, )?'(\w+)'/g);
    sameMembers(
      namesIn(tableOf(sectionOf(operating, 'Providers'), 'setting of Google')),
      [...reads].map(([, name = '']) => name),
    );
  });

  test('the metrics are those of the table, all of them', () => {
    const section = sectionOf(operating, 'Metrics, and what to alert on');
    const isMetric = /^(?:worker_manager_|http_request|iterate_)/;
    sameMembers(
      codeIn(section).filter((code) => isMetric.test(code)),
      Object.keys(metricTable),
    );
    const elsewhere = codeIn(proseOf(operating)).filter((code) => isMetric.test(code));
    for (const name of elsewhere) assert.ok(name.replace(/\{.*/, '') in metricTable, name);
  });

  test('the types of log entries are those that are written', () => {
    const told = namesIn(tableOf(operating, 'type'));
    const code = sources
      .filter((path) => !path.startsWith('src/contract/'))
      .map(read)
      .join('\n');
    for (const type of told) assert.ok(code.includes(`'${type}'`), `nobody writes ${type}`);
    const written = [...code.matchAll(/\bwrite\(\s*'([\w.-]+)'/g)].map(([, type = '']) => type);
    assert.deepEqual(
      written.filter((type) => !told.includes(type)),
      [],
    );
  });

  test('regions without a key of the plain signature are named', () => {
    type Keys = Record<'signature' | 'rsa2048', { regions: string[] }[]>;
    const keys = JSON.parse(read('src/providers/aws/published-keys.json')) as Keys;
    const [plain = [], rsa2048 = []] = [keys.signature, keys.rsa2048].map((list) =>
      list.flatMap(({ regions }) => regions),
    );
    const told = codeIn(sectionOf(operating, 'Security')).filter((code) => /^[a-z]+-[a-z]+(?:-[a-z]+)?-\d$/.test(code));
    sameMembers(
      told,
      rsa2048.filter((region) => !plain.includes(region)),
    );
  });

  test('how long a refusal rests is what the program does', () => {
    const rests = tableOf(sectionOf(operating, 'Why did it do that?'), 'class');
    assert.deepEqual(
      Object.fromEntries(rests.map(([name = '', ...cells]) => [codeIn(name)[0], restOf(cells)])),
      setbackPaces,
    );
  });
});

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 };

/** `['2 min', '30 min']` in milliseconds. */
function restOf([first = '', longest = '']: readonly string[]): { firstMs: number; longestMs: number } {
  const msOf = (text: string): number => {
    const [, amount, unit = ''] = /(\d+) (\w+)$/.exec(text) ?? [];
    return Number(amount) * (unitsMs[unit] ?? Number.NaN);
  };
  return { firstMs: msOf(first), longestMs: msOf(longest) };
}

describe('docs/providers.md', () => {
  test('how long a refusal rests is what the program does', () => {
    const rests = tableOf(providing, 'class').map(
      ([name = '', , pace = '']) => [codeIn(name)[0], restOf(pace.split(', '))] as const,
    );
    assert.deepEqual(Object.fromEntries(rests), setbackPaces);
  });

  test('the files to write are those of the template', () => {
    const told = tableOf(providing, 'file').map(([file = '']) => codeIn(file)[0] ?? '');
    const template = globSync('src/providers/template/*.ts').map((path) => path.replace(/^.*\//, ''));
    sameMembers(
      told,
      template.filter((name) => !name.endsWith('.test.ts')),
    );
  });
});

test('the example of a settings file is one', () => {
  const config = loadConfig('docs/example-config.yml', {});
  const providers = configureProviders(config.providers, providerModules).map(({ providerType }) => providerType);
  assert.deepEqual(providers, ['aws', 'static', 'null']);
});
