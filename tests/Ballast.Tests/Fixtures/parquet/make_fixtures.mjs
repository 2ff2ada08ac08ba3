// Writes the Parquet fixtures with DuckDB and hyparquet-writer, and the rows that DuckDB reads back from each as JSON Lines.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetWriteBuffer } from 'hyparquet-writer';

const folder = dirname(fileURLToPath(import.meta.url));
const duck = await (await DuckDBInstance.create(':memory:')).connect();
await duck.run("set TimeZone = 'UTC'; set preserve_insertion_order = true; set threads = 1");

const conversation = `[
  {'from': 'human', 'value': 'Question ' || i || case when i % 7 = 0 then ' \u00fc\u4f60\u{1f600}' else '' end, 'weight': null},
  {'from': 'gpt', 'value': case when i % 11 = 0 then null else repeat('answer ', (i % 5)::int) || i end, 'weight': i / 4.0}]`;

const message = `{'role': case when i % 2 = 0 then 'user' else 'assistant' end, 'content': 'text ' || i,
  'tool_calls': case i % 4 when 0 then null when 1 then [] when 2 then [{'name': 'f', 'args': ['a', null, 'c' || i]}, null]
    else [{'name': null, 'args': null}, {'name': 'g', 'args': []}] end}`;

const types = `select i, i % 2 = 0 as boolean, (i - 2)::tinyint as int8, (i * -300)::smallint as int16, (i * 100000)::int as int32, (i * 10000000000 - 1)::bigint as int64,
  (250 + i)::utinyint as uint8, (65530 + i)::usmallint as uint16, (4294967290 + i)::uinteger as uint32, (18446744073709551610 + i)::ubigint as uint64,
  (i / 4.0)::float as single, (i / 3.0)::double as number, (i * -1.25)::decimal(4,2) as decimal4, (i * 12345.678)::decimal(18,3) as decimal18,
  (i * 123456789012345678901.5)::decimal(38,1) as decimal38, date '1969-12-30' + i::int as day, time '23:59:58.000001' + to_seconds(i % 2) as time,
  timestamp '1969-12-31 23:59:59.5' + to_milliseconds(i * 250) as micros, (timestamp '2024-02-29 12:00:00' + to_milliseconds(i))::timestamp_ms as millis,
  ('2024-02-29 12:00:00.00000000' || i)::timestamp_ns as nanos, timestamptz '2024-02-29 12:00:00+02' + to_seconds(i) as instant,
  '00112233-4455-6677-8899-aabbccddeef' || i as uuid_text, ('00112233-4455-6677-8899-aabbccddeef' || i)::uuid as uuid, '\\xFF\\x00\\xAA'::blob as raw,
  map {'a': i, 'b': null} as map_text, map {1: 'x' || i} as map_number, [[i, null], [], null, [i + 1]] as nested,
  {'a': {'b': case when i = 1 then null else i end}, 'c': case when i = 2 then null else {'d': [i]} end} as struct, null::int as nothing
  from (select unnest(range(6)) as i)`;
// DuckDB prints times its own way; Ballast prints ISO 8601 with as many digits of fraction as the unit has.
const typesExpected = `i, boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, single, number, decimal4, decimal18, decimal38, strftime(day, '%Y-%m-%d') as day,
  strftime(date '2000-01-01' + time, '%H:%M:%S.%f') as time,
  replace(strftime(micros, '%Y-%m-%dT%H:%M:%S.%f'), '.000000', '') as micros, replace(strftime(millis, '%Y-%m-%dT%H:%M:%S.%g'), '.000', '') as millis,
  replace(strftime(nanos, '%Y-%m-%dT%H:%M:%S.%n'), '.000000000', '') as nanos, strftime(instant, '%Y-%m-%dT%H:%M:%SZ') as instant,
  uuid_text, uuid, to_base64(raw) as raw, map_text, map_entries(map_number) as map_number, nested, struct, nothing`;

const tables = {
  'conversations-snappy': [`select 'id' || i as id, ${conversation} as conversations, case when i % 3 = 0 then 'flan' else 't0' end as source
    from (select unnest(range(300)) as i)`, 'compression snappy'],
  'messages-zstd': [`select i as id, case when i % 10 = 9 then null when i % 10 = 8 then [] else [${message}, ${message.replaceAll('i %', '(i + 1) %')}] end as messages
    from (select unnest(range(60)) as i)`, 'compression zstd'],
  'tokens-gzip': [`select range(i % 7, i) as input_ids, [case when x % 3 = 0 then -100 else x * i end for x in range(i)]::int[] as labels,
    [1 for x in range(i)]::tinyint[] as attention_mask from (select unnest(range(120)) as i)`, 'compression gzip, parquet_version v2'],
  'alpaca-brotli': [`select 'Do ' || i as instruction, case when i % 3 = 0 then '' else 'with ' || (i * 7919 % 1000) end as input, 'Done ' || i as output
    from (select unnest(range(200)) as i)`, 'compression brotli, parquet_version v2, dictionary_size_limit 1'],
  'types-plain': [types, 'compression uncompressed', typesExpected],
  'types-v2': [types, 'compression zstd, parquet_version v2', typesExpected],
  'empty': ["select 1 as a, 'x' as b where false", 'compression snappy'],
  'lz4': ['select 1 as a', 'compression lz4_raw'],
};

for (const [name, [query, options, columns]] of Object.entries(tables)) {
  const path = join(folder, `${name}.parquet`);
  await duck.run(`copy (${query}) to '${path}' (format parquet, ${options})`);
  await expect(name, columns);
}

// Pages of version 2, every encoding by name, many small pages, nulls.
const count = 240;
const some = (f) => Array.from({ length: count }, (_, i) => f(i));
const writers = {
  'encodings-snappy': { codec: 'SNAPPY' },
  'encodings-uncompressed': { codec: 'UNCOMPRESSED' },
};
const columnData = [
  { name: 'plain', data: some((i) => `plain ${i * 7}`), type: 'STRING', encoding: 'PLAIN' },
  { name: 'dictionary', data: some((i) => ['red', 'green', 'blue'][i % 3]), type: 'STRING' },
  { name: 'delta_int', data: some((i) => (i * i * 7919) % 100003 - 50000), type: 'INT32', encoding: 'DELTA_BINARY_PACKED' },
  { name: 'delta_long', data: some((i) => BigInt(i) * 1234567890123n - 5n), type: 'INT64', encoding: 'DELTA_BINARY_PACKED' },
  { name: 'delta_length', data: some((i) => 'x'.repeat(i % 17) + i), type: 'STRING', encoding: 'DELTA_LENGTH_BYTE_ARRAY' },
  { name: 'delta_bytes', data: some((i) => `common/prefix/${Math.floor(i / 10)}/${i}`), type: 'STRING', encoding: 'DELTA_BYTE_ARRAY' },
  { name: 'split_float', data: some((i) => i / 8), type: 'FLOAT', encoding: 'BYTE_STREAM_SPLIT' },
  { name: 'split_double', data: some((i) => i / 7), type: 'DOUBLE', encoding: 'BYTE_STREAM_SPLIT' },
  { name: 'boolean', data: some((i) => i % 3 === 0), type: 'BOOLEAN' },
  { name: 'run_boolean', data: some((i) => i % 100 < 50), type: 'BOOLEAN', encoding: 'RLE' },
  { name: 'nulls', data: some((i) => (i % 5 === 0 ? null : `n${i}`)), type: 'STRING', nullable: true, encoding: 'DELTA_BYTE_ARRAY' },
  { name: 'null_ints', data: some((i) => (i < 100 ? null : i)), type: 'INT32', nullable: true, encoding: 'DELTA_BINARY_PACKED' },
  { name: 'all_null', data: some(() => null), type: 'INT32', nullable: true },
];
for (const [name, options] of Object.entries(writers)) {
  writeFileSync(join(folder, `${name}.parquet`), Buffer.from(parquetWriteBuffer({ columnData, pageSize: 300, rowGroupSize: 150, ...options })));
  await expect(name);
}

async function expect(name, columns = '*') {
  const from = join(folder, `${name}.parquet`);
  const rows = await duck.runAndReadAll(`select to_json(t)::varchar from (select ${columns} from read_parquet('${from}')) t`);
  writeFileSync(join(folder, `${name}.jsonl`), rows.getRows().map((r) => r[0] + '\n').join(''));
}
