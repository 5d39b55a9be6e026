import { celOfJson, Expression, extract } from './cel';

// The examples of https://docs.cloud.google.com/iam/docs/conditions-attribute-reference#extract.
test.each([
  ['/order_date={date}/', '2019-11-03'], ['buckets/{name}/', 'acme-orders-aaa'], ['/orders/{empty}order_date', ''],
  ['{start}/objects/data_lake', 'projects/_/buckets/acme-orders-aaa'], ['orders/{end}', 'order_date=2019-11-03/aef87g87ae0876'],
  ['{all}', 'projects/_/buckets/acme-orders-aaa/objects/data_lake/orders/order_date=2019-11-03/aef87g87ae0876'],
  ['/orders/{none}/order_date=', ''], ['/orders/order_date=2019-11-03/{id}/data_lake', ''], ['nowhere/{id}', ''],
])('extract finds what stands at the name of %s', (template, found) => {
  expect(extract('projects/_/buckets/acme-orders-aaa/objects/data_lake/orders/order_date=2019-11-03/aef87g87ae0876', template)).toBe(found);
});

test.each(['', 'orders/', '{a}{b}', '{a', 'a}', '{}', '{{a}}'])('refuses the template %j', template => {
  expect(() => extract('orders/7', template)).toThrow(new Error(`The template ${JSON.stringify(template)} has not one name in braces.`));
});

test('an expression sees no more of a claim than JSON has', () => {
  const expression = new Expression('has(assertion.constructor) || has(assertion.__proto__) || has(assertion.toString)', ['assertion']);
  expect(expression.evaluate({ assertion: celOfJson({ sub: 'x' }) })).toEqual({ ok: true, value: false });
  expect(expression.evaluate({ assertion: celOfJson(JSON.parse('{"__proto__":{}}')) })).toEqual({ ok: true, value: true });
});

test.each(['assertion.sub == google.subject', 'has(google.subject)', '[1].all(x, y == x)', 'foo(assertion)', 'assertion.sub.eval()', '{google: 1}', 'true ? 1 : google'])(
  'refuses an expression that names what is not there: %s', text => {
    expect(() => new Expression(text, ['assertion'])).toThrow(/^There is no (?:function )?"(?:google|y|foo|eval)"\.$/);
  });

test('refuses a map that is deeper than it reads', () => {
  const deep = (depth: number): unknown => depth === 0 ? 1 : [deep(depth - 1)];
  expect(celOfJson(deep(50))).toEqual(deep(50));
  expect(() => celOfJson(deep(51))).toThrow(new RangeError('JSON is more than 50 deep.'));
});
