import { endDryRun, type Action } from './cloud.ts';
import { filterBy } from './filters.ts';
import { defaultRegions, optInRegions } from './region.ts';
import { invalidValue } from './refusal.ts';
import { element, set } from './wire.ts';

interface Region {
  name: string;
  endpoint: string;
  optIn: 'opt-in-not-required' | 'opted-in' | 'not-opted-in';
}

/** DescribeRegions: those that the account may use; with AllRegions also those that it would have to opt in to. */
export const describeRegions: Action = {
  parameters: new Set(['AllRegions', 'DryRun', 'Filter.N.Name', 'Filter.N.Value.N', 'RegionName.N']),
  bucket: () => 'DescribeRegions',

  run({ cloud, form }) {
    const enabled = [...cloud.regions.keys()];
    const regions = [...new Set([...enabled, ...defaultRegions, ...optInRegions])].map((name): Region => {
      const optIn = optInRegions.includes(name) ? 'opted-in' : 'opt-in-not-required';
      return { name, endpoint: `ec2.${name}.amazonaws.com`, optIn: enabled.includes(name) ? optIn : 'not-opted-in' };
    });
    const names = form.list('RegionName');
    const unknown = names.filter((name) => !regions.some((region) => region.name === name));
    if (unknown.length > 0) {
      throw invalidValue(`Invalid region names: ['${unknown.join("', '")}']`);
    }
    const isWanted = filterBy(form.filters(), (name) => regionFields.get(name));
    endDryRun(form);
    const found = regions
      .filter(({ optIn }) => optIn !== 'not-opted-in' || form.isTrue('AllRegions'))
      .filter(({ name }) => names.length === 0 || names.includes(name))
      .filter(isWanted);
    return set(
      'regionInfo',
      found.map(
        ({ name, endpoint, optIn }) =>
          element('regionName', name) + element('regionEndpoint', endpoint) + element('optInStatus', optIn),
      ),
    );
  },
};

const regionFields = new Map<string, (region: Region) => string>([
  ['endpoint', ({ endpoint }) => endpoint],
  ['opt-in-status', ({ optIn }) => optIn],
  ['region-name', ({ name }) => name],
]);
