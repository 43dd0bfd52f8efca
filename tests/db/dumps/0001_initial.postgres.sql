SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.kept_answer (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    place character varying(64) NOT NULL,
    request character varying(64) NOT NULL,
    server character varying(36) NOT NULL,
    status integer,
    answer text
);
CREATE TABLE public.tortoise_migrations (
    id integer NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.tortoise_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tortoise_migrations_id_seq OWNED BY public.tortoise_migrations.id;
ALTER TABLE ONLY public.tortoise_migrations ALTER COLUMN id SET DEFAULT nextval('public.tortoise_migrations_id_seq'::regclass);
INSERT INTO public.kept_answer VALUES ('7d17563b-dddc-5c57-ae36-e9833e238621', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ place 😀', '0 ü''"; -- \ request 😀', '0 ü''"; -- \ server 😀', NULL, NULL);
INSERT INTO public.kept_answer VALUES ('5a00c4f4-bfb9-5da4-a8bc-390ac936b786', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ place 😀', '1 ü''"; -- \ request 😀', '1 ü''"; -- \ server 😀', 2, '1 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO public.kept_answer VALUES ('16d53d33-43b2-5e5a-a726-f127db9743b0', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ place 😀', '2 ü''"; -- \ request 😀', '2 ü''"; -- \ server 😀', 3, '2 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO public.tortoise_migrations VALUES (1, 'core', '0001_initial', '2026-11-21 20:11:12.567012+00');
SELECT pg_catalog.setval('public.tortoise_migrations_id_seq', 1, true);
ALTER TABLE ONLY public.kept_answer
    ADD CONSTRAINT kept_answer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kept_answer
    ADD CONSTRAINT kept_answer_place_key UNIQUE (place);
ALTER TABLE ONLY public.tortoise_migrations
    ADD CONSTRAINT tortoise_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tortoise_migrations
    ADD CONSTRAINT uid_tortoise_mi_app_3803a5 UNIQUE (app, name);
CREATE INDEX idx_kept_answer_created_4004bd ON public.kept_answer USING btree (created_at);
