-- What GizmoSQL runs before it answers; a statement that fails keeps it from starting. The extensions lie on the disk.
-- Spilled queries belong to the host, not beside a database that is backed up.
SET temp_directory = '/var/lib/tablesleuth/tmp/spill';
INSTALL httpfs;
LOAD httpfs;
INSTALL aws;
LOAD aws;
-- The instance's role reads the tables. Its credentials last some hours: a read that meets old ones fetches new ones.
CREATE OR REPLACE SECRET instance_role (TYPE s3, PROVIDER credential_chain, CHAIN 'instance', REFRESH auto);
