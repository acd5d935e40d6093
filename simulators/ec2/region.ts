/** Regions that every account may use without asking. */
export const defaultRegions: readonly string[] = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
];

/** Regions that exist and that an account must opt in to first. */
export const optInRegions: readonly string[] = [
  'af-south-1',
  'ap-east-1',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'me-south-1',
];

const zoneLetters: Readonly<Record<string, string>> = {
  'us-east-1': 'abcdef',
  'us-west-2': 'abcd',
  'ap-northeast-1': 'acd',
  'ap-northeast-2': 'abcd',
};

/** The availability zones of a region, e.g. `us-west-2a`. */
export function zonesOf(region: string): string[] {
  return (zoneLetters[region] ?? 'abc').split('').map((letter) => region + letter);
}

/** The id of a zone that is the same in all accounts: `us-west-2a` → `usw2-az1`. */
export function zoneIdOf(zone: string): string {
  const region = zone.slice(0, -1);
  const [area = '', direction = '', number = ''] = region.split('-');
  const short = direction.replace(/^(n|s)(?:orth|outh)(e|w)(?:ast|est)$/, '$1$2');
  const initials = short === direction ? direction.charAt(0) : short;
  return `${area}${initials}${number}-az${zonesOf(region).indexOf(zone) + 1}`;
}

/** The domain of private host names: `ec2.internal` in the oldest region, `<region>.compute.internal` elsewhere. */
export function privateDomainOf(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
}

/** The domain of public host names: `compute-1.amazonaws.com` in the oldest region, else with the region's name. */
export function publicDomainOf(region: string): string {
  return region === 'us-east-1' ? 'compute-1.amazonaws.com' : `${region}.compute.amazonaws.com`;
}
