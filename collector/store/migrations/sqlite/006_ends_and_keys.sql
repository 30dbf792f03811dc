-- Why nothing is taken from an agent any more (sightline.v1.AgentEnd, 0 while it takes part), since
-- when, and how often its key was changed; public_key stays the first one, which agent_id is the
-- hash of. Of those revoked before nobody noted when.
ALTER TABLE agents ADD COLUMN end_kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN end_time_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN key_generation INTEGER NOT NULL DEFAULT 0;
UPDATE agents SET end_kind = 1, end_time_ms = enroll_time_ms WHERE revoked;
ALTER TABLE agents DROP COLUMN revoked;

-- Which key signs for an agent from which batch on, with what the old and the new key signed.
CREATE TABLE key_successions (
  agent_id   BLOB    NOT NULL,
  generation INTEGER NOT NULL,
  from_seq   INTEGER NOT NULL,
  public_key BLOB    NOT NULL,
  signature  BLOB    NOT NULL,
  proof      BLOB    NOT NULL,
  PRIMARY KEY (agent_id, generation)
) STRICT;

-- Agents that ended or changed their key, in that order: whoever holds their streams follows it.
CREATE TABLE agent_changes (
  change_seq INTEGER NOT NULL PRIMARY KEY,
  agent_id   BLOB    NOT NULL
) STRICT;

-- Who did what when on the operator's side. outcome is empty until the call has ended.
CREATE TABLE audit_entries (
  audit_seq INTEGER NOT NULL PRIMARY KEY,
  time_ms   INTEGER NOT NULL,
  node      TEXT    NOT NULL,
  actor     TEXT    NOT NULL,
  method    TEXT    NOT NULL,
  detail    TEXT    NOT NULL,
  outcome   TEXT    NOT NULL
) STRICT;
