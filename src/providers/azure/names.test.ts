import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { dataDiskName, namesOf, newAdministrator, workerIdOf, workerIdsOf, workerOfDeployment } from './names.ts';

const orders = fc.tuple(fc.uuid(), fc.nat({ max: 999 }));

// spec: provisioning 8.3
describe('names', () => {
  test('follow from the order, and are of the form and length that Azure and Windows take', () => {
    fc.assert(
      fc.property(orders, ([orderId, index]) => {
        const workerId = workerIdOf(orderId, index);
        assert.equal(workerId, workerIdOf(orderId, index));
        assert.match(workerId, /^vm-[a-z][a-z0-9]{34}$/);
        const names = namesOf(workerId);
        assert.equal(names.vm, workerId);
        // Starts with a letter, so never digits alone.
        assert.match(names.computer, /^[a-z][a-z0-9]{14}$/);
        assert.match(names.nic, /^nic-[a-z][a-z0-9]{19}$/);
        assert.match(names.ip, /^pip-[a-z][a-z0-9]{19}$/);
        assert.equal(names.osDisk, `disk-${workerId.slice(3)}-os`);
        assert.equal(dataDiskName(workerId, 1), `disk-${workerId.slice(3)}-1`);
        assert.equal(workerOfDeployment(names.deployment), workerId);
      }),
    );
  });

  test('of different machines differ, the short ones too', () => {
    fc.assert(
      fc.property(fc.uniqueArray(orders, { minLength: 2, maxLength: 50, selector: String }), (all) => {
        const names = all.map(([orderId, index]) => namesOf(workerIdOf(orderId, index)));
        for (const name of ['vm', 'nic', 'ip', 'computer', 'deployment'] as const) {
          assert.equal(new Set(names.map((one) => one[name])).size, all.length, name);
        }
      }),
    );
  });

  test('an order has as many workers as it asks for', () => {
    const ids = workerIdsOf({ orderId: crypto.randomUUID(), count: 10 });
    assert.equal(new Set(ids).size, 10);
  });

  test('a deployment that is not ours is nobody’s', () => {
    for (const name of ['deploy-1', 'failure-anomalies', `deploy-${'a'.repeat(36)}`]) {
      assert.equal(workerOfDeployment(name), null);
    }
  });
});

// spec: provisioning 8.3
test('an administrator has a name of 20 characters, and a password of 72 with one of each kind', () => {
  const passwords = new Set<string>();
  for (let made = 0; made < 100; made++) {
    const { username, password } = newAdministrator();
    assert.match(username, /^[a-z][a-z0-9]{10,19}$/);
    assert.equal(password.length, 72);
    for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[-_]/]) assert.match(password, kind);
    passwords.add(password);
  }
  assert.equal(passwords.size, 100);
});
