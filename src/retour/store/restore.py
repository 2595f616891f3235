"""The statements around a restore: make room before it, quarantine after it."""

from typing import Final

HAS_TABLES: Final = """
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('public', 'jobs') AND c.relkind IN ('r', 'p'))
"""
EMPTY_IT: Final = """
SET client_min_messages = warning;
SET lock_timeout = '30s';
SET ROLE retour_owner;
DROP SCHEMA IF EXISTS jobs CASCADE;
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public AUTHORIZATION retour_owner;
GRANT USAGE, CREATE ON SCHEMA public TO retour_router; -- the dump grants it too late for the functions it hands over
"""
# The dump left an empty search_path behind.
QUARANTINE_IT: Final = """
UPDATE public.instance SET quarantined = true, quarantine_reason = 'restored from a backup';
"""
