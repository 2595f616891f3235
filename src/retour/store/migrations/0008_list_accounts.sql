-- The operator's commands list the accounts of an installation; like every look-up before the tenant, by ids alone.

CREATE FUNCTION route_accounts() RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$ SELECT a.tenant_id FROM account a $$;
ALTER FUNCTION route_accounts() OWNER TO retour_router;
REVOKE ALL ON FUNCTION route_accounts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_accounts() TO retour_app, retour_executor;
