-- Why nothing is taken from an agent any more (sightline.v1.AgentEnd, 0 while it takes part), since
-- when, and how often its key was changed; public_key stays the first one, which agent_id is the
-- hash of. Of those revoked before nobody noted when.
ALTER TABLE agents ADD COLUMN end_kind BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN end_time_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN key_generation BIGINT NOT NULL DEFAULT 0;
UPDATE agents SET end_kind = 1, end_time_ms = enroll_time_ms WHERE revoked;
ALTER TABLE agents DROP COLUMN revoked;

-- Which key signs for an agent from which batch on, with what the old and the new key signed.
-- Distribute by agent_id, together with agents.
CREATE TABLE key_successions (
  agent_id   BYTEA  NOT NULL,
  generation BIGINT NOT NULL,
  from_seq   BIGINT NOT NULL,
  public_key BYTEA  NOT NULL,
  signature  BYTEA  NOT NULL,
  proof      BYTEA  NOT NULL,
  PRIMARY KEY (agent_id, generation)
);

-- Agents that ended or changed their key, in that order: whoever holds their streams follows it.
-- A small table, the same everywhere.
CREATE TABLE agent_changes (
  change_seq BIGINT NOT NULL PRIMARY KEY,
  agent_id   BYTEA  NOT NULL
);

-- Who did what when on the operator's side. outcome is empty until the call has ended. A small
-- table, the same everywhere.
CREATE TABLE audit_entries (
  audit_seq BIGINT NOT NULL PRIMARY KEY,
  time_ms   BIGINT NOT NULL,
  node      TEXT   COLLATE "C" NOT NULL,
  actor     TEXT   NOT NULL,
  method    TEXT   NOT NULL,
  detail    TEXT   NOT NULL,
  outcome   TEXT   NOT NULL
);
