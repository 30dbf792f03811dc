-- Turns a PostgreSQL store into a Citus one. Run it once, on the coordinator, while no collector
-- runs, after "sightline-collector migrate" has brought the schema to version 6:
--   psql --single-transaction --set ON_ERROR_STOP=1 --file 001_distribute.sql URL
-- README.md says what it needs and how far it was tried.
CREATE EXTENSION IF NOT EXISTS citus;

-- Every transaction of the intake touches rows of these by agent_id alone; an agent's rows lie
-- on one worker. Partitions of batches follow their parent, those made later as well.
SELECT create_distributed_table('agents', 'agent_id');
SELECT create_distributed_table('batches', 'agent_id', colocate_with => 'agents');
SELECT create_distributed_table('key_successions', 'agent_id', colocate_with => 'agents');

-- What the fold writes, by target.
SELECT create_distributed_table('verdicts', 'target_id', colocate_with => 'none');
SELECT create_distributed_table('cells', 'target_id', colocate_with => 'verdicts');
SELECT create_distributed_table('events', 'target_id', colocate_with => 'verdicts');
SELECT create_distributed_table('timelines', 'target_id', colocate_with => 'verdicts');

-- What readers follow, by country.
SELECT create_distributed_table('changes', 'country', colocate_with => 'none');
SELECT create_distributed_table('statements', 'country', colocate_with => 'changes');
SELECT create_distributed_table('window_revisions', 'country', colocate_with => 'changes');
SELECT create_distributed_table('annotations', 'country', colocate_with => 'changes');

-- Small tables, the same everywhere.
SELECT create_reference_table('invites');
SELECT create_reference_table('plans');
SELECT create_reference_table('bucket_keys');
SELECT create_reference_table('log_start');
SELECT create_reference_table('nodes');
SELECT create_reference_table('leases');
SELECT create_reference_table('fold_positions');
SELECT create_reference_table('fold_windows');
SELECT create_reference_table('webhooks');
SELECT create_reference_table('deliveries');
SELECT create_reference_table('agent_changes');
SELECT create_reference_table('audit_entries');
SELECT create_reference_table('schema_migrations');
