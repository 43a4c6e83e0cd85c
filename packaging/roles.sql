-- Two roles of PostgreSQL: techbridge_owner owns the tables and runs migrations, techbridge runs the site and makes, changes and drops no table.
-- Once, before the first `marketplace upgrade`, as a superuser connected to the site's database: psql -d techbridge -f packaging/roles.sql
-- Both roles are there already, and the database belongs to techbridge_owner (docs/operating.md, section 3).
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO techbridge_owner;
GRANT USAGE ON SCHEMA public TO techbridge;
ALTER DEFAULT PRIVILEGES FOR ROLE techbridge_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO techbridge;
ALTER DEFAULT PRIVILEGES FOR ROLE techbridge_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO techbridge;
