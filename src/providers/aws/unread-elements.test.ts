import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UnreadElements } from './unread-elements.ts';

/** What passes of a text that arrives in chunks of so many bytes. */
function filtered(text: string, chunkBytes = Infinity): string {
  const filter = new UnreadElements();
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const kept: string[] = [];
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    kept.push(filter.push(bytes.slice(start, start + chunkBytes)));
  }
  return Buffer.from([...kept, filter.end()].join(''), 'latin1').toString('utf8');
}

const answer = (...instances: string[]): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">' +
  '<reservationSet><item><reservationId>r-1</reservationId><groupSet><item><groupId>sg-1</groupId></item></groupSet>' +
  `<instancesSet>${instances.map((instance) => `<item>${instance}</item>`).join('')}</instancesSet></item>` +
  `<item><instancesSet>${instances.map((instance) => `<item>${instance}</item>`).join('')}</instancesSet></item>` +
  '</reservationSet><nextToken>t</nextToken></DescribeInstancesResponse>';

const read =
  '<instanceId>i-1</instanceId><instanceState><code>16</code><name>running</name></instanceState>' +
  '<stateReason><message>Größe &amp; Ort: 不足</message></stateReason><placement><availabilityZone>a</availabilityZone></placement>';
const unread =
  '<tagSet><item><key>instanceId</key><value>instancesSet</value></item></tagSet><reason/><groupSet/>' +
  '<networkInterfaceSet><item><privateIpAddress>10.0.0.1</privateIpAddress><groupSet><item/></groupSet></item></networkInterfaceSet>';

test('what is read stays, byte for byte; what is not is dropped, nested or empty; however the answer is cut on its way', () => {
  const text = answer(unread + read + unread, read, unread);
  for (const chunkBytes of [Infinity, 1000, 100, 7, 1]) {
    assert.equal(filtered(text, chunkBytes), answer(read, read, ''), `chunks of ${chunkBytes}`);
  }
});

test('an answer without instances, an error and what is no XML at all stay as they are', () => {
  for (const text of [
    answer(),
    '<Response><Errors/></Response>',
    'Bad gateway',
    '',
    '<instancesSet>',
    '<instancesSet><it',
  ]) {
    assert.equal(filtered(text), text);
    assert.equal(filtered(text, 1), text);
  }
});

test('an instance that does not look as expected stays as it is', () => {
  const odd = [
    ' <tagSet/>',
    '<tagSet a="b"/>',
    '<!-- note -->',
    '<tagSet>never closed',
    '<monitoring><monitoring>x</monitoring></monitoring>',
    'text',
  ];
  for (const instance of odd) {
    assert.ok(filtered(answer(instance)).startsWith(answer(instance).slice(0, 250)), instance);
    assert.ok(filtered(answer(instance)).includes(instance), instance);
  }
});

test('of no text is anything invented, and how it is cut makes no difference', () => {
  const lists = ['<item>', '</item>', '<instancesSet>', '</instancesSet>'];
  const elements = ['<tagSet>', '</tagSet>', '<a/>', '<instanceId>', '</instanceId>', 'x', '<', '>', 'é'];
  const piece = fc.constantFrom(...lists, ...elements);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (pieces, chunkBytes) => {
      const text = pieces.join('');
      const passed = filtered(text);
      let at = 0;
      for (const character of passed) {
        at = text.indexOf(character, at) + 1;
        assert.ok(at > 0, 'what passes is in the text, in this order');
      }
      assert.equal(filtered(text, chunkBytes), passed);
    }),
    { numRuns: 1000 },
  );
});
