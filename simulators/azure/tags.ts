import { isRecord } from '#simulators/worker/json.ts';
import { Refusal } from './refusal.ts';
import type { Tags } from './state.ts';

const mostTags = 50;
const longestName = 512;
const longestValue = 256;

/**
 * The tags of a request, within the limits of
 * https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources: 50 at most, names of 512 and
 * values of 256 characters, none of `<>%&\?/` in a name.
 *
 * @throws Refusal that names what does not fit.
 */
export function readTags(value: unknown): Tags {
  if (value === undefined || value === null) {
    return {};
  }
  const entries = isRecord(value) ? Object.entries(value) : [];
  if (!isRecord(value) || entries.some(([, text]) => typeof text !== 'string')) {
    throw new Refusal('InvalidTagsFormat', 'Tags must be an object whose values are strings.');
  }
  const tags = Object.fromEntries(entries) as Tags;
  if (entries.length > mostTags) {
    throw new Refusal('InvalidTagsCount', `The maximum number of tags per resource is ${mostTags}.`);
  }
  const forbidden = Object.keys(tags).find((name) => name === '' || /[<>%&\\?/\p{Cc}]/u.test(name));
  if (forbidden !== undefined) {
    throw new Refusal(
      'InvalidTagNameCharacters',
      `The tag names '${forbidden}' have reserved characters '<,>,%,&,\\,?,/' or control characters.`,
    );
  }
  for (const [name, text] of Object.entries(tags)) {
    if (name.length > longestName) {
      throw new Refusal('InvalidTagName', `The tag name '${name.slice(0, 40)}…' exceeds ${longestName} characters.`);
    }
    if (text.length > longestValue) {
      throw new Refusal('InvalidTagValue', `The value of tag '${name}' exceeds ${longestValue} characters.`);
    }
  }
  return tags;
}
