import { createAddressRules } from '../../notify/addresses';

const NONE = createAddressRules([]);

const PRIVATE = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '203.0.113.9',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:10.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
];

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '11.0.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '126.0.0.1',
  '128.0.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.167.1.1',
  '223.255.255.254',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2606:4700:4700::1111',
  '2a00:1450:4001::1',
];

it.each(PRIVATE)('does not connect to %s', (address) => {
  expect(NONE.allows(address, 'hooks.example')).toBe(false);
});

it.each(PUBLIC)('connects to %s', (address) => {
  expect(NONE.allows(address, 'hooks.example')).toBe(true);
});

describe('what the operator allows', () => {
  it.each([
    [['10.1.2.3'], '10.1.2.3', true],
    [['10.1.2.3'], '10.1.2.4', false],
    [['10.1.0.0/16'], '10.1.255.255', true],
    [['10.1.0.0/16'], '10.2.0.0', false],
    [['10.1.0.0/16'], '::ffff:10.1.0.9', true],
    [['127.0.0.1'], '::1', false],
    [['fd12::/16'], 'fd12::9', true],
    [['fd12::/16'], 'fd13::9', false],
    [['0.0.0.0/0'], '192.168.0.1', true],
  ])('with %j, %s is %s', (allowed, address, open) => {
    expect(createAddressRules(allowed).allows(address, 'hooks.example')).toBe(open);
  });

  it('a name has whatever address it has, and no other name has it', () => {
    const rules = createAddressRules(['Hooks.internal']);
    expect(rules.allows('10.0.0.1', 'hooks.INTERNAL')).toBe(true);
    expect(rules.allows('10.0.0.1', 'other.internal')).toBe(false);
    expect(rules.allows('10.0.0.1', 'a.hooks.internal')).toBe(false);
  });
});

describe('what is closed before it is looked up', () => {
  it.each(['localhost', 'LOCALHOST', 'localhost.', 'db.localhost', '127.0.0.1', '[::1]', '[::ffff:a00:1]', '10.0.0.1'])(
    '%s',
    (host) => expect(NONE.isClosed(host)).toBe(true),
  );

  it.each(['hooks.example', 'notlocalhost', 'localhost.example', '8.8.8.8', '[2606:4700:4700::1111]'])(
    'not %s',
    (host) => expect(NONE.isClosed(host)).toBe(false),
  );

  // However somebody writes it, a URL holds it in one form.
  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::ffff:127.0.0.1]/',
  ])('the address in %s', (url) => expect(NONE.isClosed(new URL(url).hostname)).toBe(true));

  it.each([['127.0.0.1'], ['::1'], ['localhost']])('localhost is not where %s is allowed', (allowed) => {
    expect(createAddressRules([allowed]).isClosed('localhost')).toBe(false);
  });
});
