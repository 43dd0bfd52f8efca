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
CREATE TABLE public.api_token (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(64) NOT NULL,
    digest character varying(64) NOT NULL,
    hint character varying(4) NOT NULL,
    scopes jsonb NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    user_id uuid NOT NULL
);
CREATE TABLE public.audit_entry (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_kind character varying(16) NOT NULL,
    actor_id character varying(36),
    actor_name character varying(64) NOT NULL,
    address character varying(64) NOT NULL,
    action character varying(64) NOT NULL,
    outcome character varying(16) NOT NULL,
    target_kind character varying(32),
    target_id character varying(64),
    target_name character varying(128),
    fields_changed jsonb NOT NULL,
    params jsonb NOT NULL
);
CREATE SEQUENCE public.audit_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_entry_id_seq OWNED BY public.audit_entry.id;
CREATE TABLE public.engine_run (
    job_id uuid NOT NULL,
    process character varying(80) NOT NULL,
    seq bigint NOT NULL,
    generation integer NOT NULL,
    restarts integer NOT NULL,
    outcome character varying(8) NOT NULL,
    state character varying(16) NOT NULL,
    code character varying(100) NOT NULL,
    params jsonb NOT NULL,
    attempts integer NOT NULL,
    since timestamp with time zone NOT NULL,
    started_at timestamp with time zone
);
CREATE TABLE public.engine_state_change (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    job_id uuid NOT NULL,
    subject character varying(64) NOT NULL,
    state character varying(16) NOT NULL,
    code character varying(100) NOT NULL,
    params jsonb NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.ffmpeg_profile (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(100) NOT NULL,
    settings jsonb NOT NULL,
    expert_args jsonb NOT NULL,
    revision integer NOT NULL
);
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
CREATE TABLE public.live_ticket (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    digest character varying(64) NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    session_id uuid,
    token_id uuid
);
CREATE TABLE public.preflight_report (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    state character varying(16) NOT NULL,
    server character varying(36) NOT NULL,
    level character varying(8),
    can_start boolean,
    checks jsonb NOT NULL,
    revisions jsonb NOT NULL,
    finished_at timestamp with time zone,
    job_id uuid NOT NULL
);
CREATE TABLE public.provider_visit (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    state character varying(64) NOT NULL,
    browser character varying(64) NOT NULL,
    nonce character varying(64) NOT NULL,
    verifier text NOT NULL,
    issuer character varying(255) NOT NULL,
    redirect_uri character varying(512) NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    user_id uuid
);
CREATE TABLE public.recovery_code (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    digest character varying(64) NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.refresh_token (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    digest character varying(64) NOT NULL,
    used_at timestamp with time zone,
    session_id uuid NOT NULL
);
CREATE TABLE public.setting (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    key character varying(64) NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.stream_destination (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(100) NOT NULL,
    type character varying(48) NOT NULL,
    enabled boolean NOT NULL,
    config jsonb NOT NULL,
    secrets text,
    config_version integer NOT NULL,
    revision integer NOT NULL
);
CREATE TABLE public.stream_job (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(100) NOT NULL,
    source jsonb NOT NULL,
    source_kind character varying(16) NOT NULL,
    source_secret text,
    fallback jsonb NOT NULL,
    restart jsonb NOT NULL,
    recording jsonb NOT NULL,
    autostart boolean NOT NULL,
    tags jsonb NOT NULL,
    tag_index text NOT NULL,
    revision integer NOT NULL,
    desired character varying(16) NOT NULL,
    desired_at timestamp with time zone,
    generation integer NOT NULL,
    restarts integer NOT NULL,
    profile_id uuid
);
CREATE TABLE public.stream_job_output (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    enabled boolean NOT NULL,
    "position" integer NOT NULL,
    revision integer NOT NULL,
    broadcast text,
    destination_id uuid NOT NULL,
    job_id uuid NOT NULL,
    profile_id uuid
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
CREATE TABLE public.user_account (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(64) NOT NULL,
    key character varying(192) NOT NULL,
    role character varying(16) NOT NULL,
    enabled boolean NOT NULL,
    password character varying(255),
    totp_secret text,
    totp_active boolean NOT NULL,
    totp_step bigint NOT NULL,
    language character varying(8),
    time_zone character varying(64),
    theme character varying(8)
);
CREATE TABLE public.user_identity (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    issuer character varying(255) NOT NULL,
    subject character varying(255) NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.user_session (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    cookie character varying(64),
    address character varying(64) NOT NULL,
    agent character varying(256) NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.wizard_state (
    id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    name character varying(16) NOT NULL,
    admin_id uuid NOT NULL,
    steps jsonb NOT NULL,
    finished_at timestamp with time zone
);
ALTER TABLE ONLY public.audit_entry ALTER COLUMN id SET DEFAULT nextval('public.audit_entry_id_seq'::regclass);
ALTER TABLE ONLY public.tortoise_migrations ALTER COLUMN id SET DEFAULT nextval('public.tortoise_migrations_id_seq'::regclass);
INSERT INTO public.api_token VALUES ('7c91110d-e6fe-59b8-b830-6ff035af49bb', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ name 😀', '0 ü''"; -- \ digest 😀', '0 ü''', '{"n": [0, "ü", null]}', NULL, NULL, 'f020a624-bd50-5695-8ca4-a4dfdce1f18d');
INSERT INTO public.api_token VALUES ('d29a8287-3dfe-5798-b92b-71d4bb99425e', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ name 😀', '1 ü''"; -- \ digest 😀', '1 ü''', '{"n": [1, "ü", null]}', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', 'ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO public.api_token VALUES ('f63d6b33-f969-5390-a172-5fc5ade6d6c4', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ name 😀', '2 ü''"; -- \ digest 😀', '2 ü''', '{"n": [2, "ü", null]}', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '1622480b-5f50-53d7-af49-e536afb1e3b0');
INSERT INTO public.audit_entry VALUES (1, '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ acto', NULL, '0 ü''"; -- \ actor_name 😀', '0 ü''"; -- \ address 😀', '0 ü''"; -- \ action 😀', '0 ü''"; -- \ outc', NULL, NULL, NULL, '{"n": [0, "ü", null]}', '{"n": [0, "ü", null]}');
INSERT INTO public.audit_entry VALUES (2, '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ acto', '1 ü''"; -- \ actor_id 😀', '1 ü''"; -- \ actor_name 😀', '1 ü''"; -- \ address 😀', '1 ü''"; -- \ action 😀', '1 ü''"; -- \ outc', '1 ü''"; -- \ target_kind 😀', '1 ü''"; -- \ target_id 😀', '1 ü''"; -- \ target_name 😀', '{"n": [1, "ü", null]}', '{"n": [1, "ü", null]}');
INSERT INTO public.audit_entry VALUES (3, '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ acto', '2 ü''"; -- \ actor_id 😀', '2 ü''"; -- \ actor_name 😀', '2 ü''"; -- \ address 😀', '2 ü''"; -- \ action 😀', '2 ü''"; -- \ outc', '2 ü''"; -- \ target_kind 😀', '2 ü''"; -- \ target_id 😀', '2 ü''"; -- \ target_name 😀', '{"n": [2, "ü", null]}', '{"n": [2, "ü", null]}');
INSERT INTO public.engine_run VALUES ('11a715eb-15c4-56c7-b025-8d2de786cc8b', '0 ü''"; -- \ process 😀', 1, 1, 1, '0 ü''"; -', '0 ü''"; -- \ stat', '0 ü''"; -- \ code 😀', '{"n": [0, "ü", null]}', 1, '2026-03-01 12:00:00.12345+00', NULL);
INSERT INTO public.engine_run VALUES ('e04a5a7c-a527-5db2-ba8b-f5332aae45a5', '1 ü''"; -- \ process 😀', 2, 2, 2, '1 ü''"; -', '1 ü''"; -- \ stat', '1 ü''"; -- \ code 😀', '{"n": [1, "ü", null]}', 2, '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00');
INSERT INTO public.engine_run VALUES ('9b3faa70-3164-5f89-9f76-fa7fdb4196df', '2 ü''"; -- \ process 😀', 3, 3, 3, '2 ü''"; -', '2 ü''"; -- \ stat', '2 ü''"; -- \ code 😀', '{"n": [2, "ü", null]}', 3, '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00');
INSERT INTO public.engine_state_change VALUES ('ad80ad21-26ca-59e7-96a5-ed50566a8290', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', 'd4b904ea-6450-5499-a364-1c1263e1473b', '0 ü''"; -- \ subject 😀', '0 ü''"; -- \ stat', '0 ü''"; -- \ code 😀', '{"n": [0, "ü", null]}', '2026-03-01 12:00:00.12345+00');
INSERT INTO public.engine_state_change VALUES ('c2221922-b773-53e7-a988-93be730606dd', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '085996ee-013b-5993-9bfa-4d79ffaf6084', '1 ü''"; -- \ subject 😀', '1 ü''"; -- \ stat', '1 ü''"; -- \ code 😀', '{"n": [1, "ü", null]}', '2026-03-02 12:00:00.123451+00');
INSERT INTO public.engine_state_change VALUES ('6b2bace1-8fb1-559e-88b0-659d76a9c3a7', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '0f05941e-7bab-5ea4-97a5-735a7db4021d', '2 ü''"; -- \ subject 😀', '2 ü''"; -- \ stat', '2 ü''"; -- \ code 😀', '{"n": [2, "ü", null]}', '2026-03-03 12:00:00.123452+00');
INSERT INTO public.ffmpeg_profile VALUES ('a468ad6c-a2be-569f-b223-b98cf5116335', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ name 😀', '{"n": [0, "ü", null]}', '{"n": [0, "ü", null]}', 1);
INSERT INTO public.ffmpeg_profile VALUES ('ac465fa8-55f6-5327-b125-71112eb5df2c', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ name 😀', '{"n": [1, "ü", null]}', '{"n": [1, "ü", null]}', 2);
INSERT INTO public.ffmpeg_profile VALUES ('1296bd07-288d-5c90-a681-e3576102e285', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ name 😀', '{"n": [2, "ü", null]}', '{"n": [2, "ü", null]}', 3);
INSERT INTO public.kept_answer VALUES ('7d17563b-dddc-5c57-ae36-e9833e238621', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ place 😀', '0 ü''"; -- \ request 😀', '0 ü''"; -- \ server 😀', NULL, NULL);
INSERT INTO public.kept_answer VALUES ('5a00c4f4-bfb9-5da4-a8bc-390ac936b786', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ place 😀', '1 ü''"; -- \ request 😀', '1 ü''"; -- \ server 😀', 2, '1 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO public.kept_answer VALUES ('16d53d33-43b2-5e5a-a726-f127db9743b0', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ place 😀', '2 ü''"; -- \ request 😀', '2 ü''"; -- \ server 😀', 3, '2 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO public.live_ticket VALUES ('ce70015f-ef84-5bbc-a20c-386bad1ac349', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ digest 😀', '2026-03-01 12:00:00.12345+00', NULL, NULL);
INSERT INTO public.live_ticket VALUES ('f7fa9c79-9ebf-5ab0-a1a8-b976852689c7', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ digest 😀', '2026-03-02 12:00:00.123451+00', '876da958-bb7a-578e-ba38-00be8b36d17f', 'd29a8287-3dfe-5798-b92b-71d4bb99425e');
INSERT INTO public.live_ticket VALUES ('13e7e9a4-404b-5d24-ab61-53ca08ed69dd', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ digest 😀', '2026-03-03 12:00:00.123452+00', '81dd7f2f-7f4c-5d59-b53b-c85aa139932b', 'f63d6b33-f969-5390-a172-5fc5ade6d6c4');
INSERT INTO public.preflight_report VALUES ('013ec0de-bc4f-5f87-8fd1-69a9139e1870', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ stat', '0 ü''"; -- \ server 😀', NULL, NULL, '{"n": [0, "ü", null]}', '{"n": [0, "ü", null]}', NULL, '8773837c-b970-5b45-be90-12e72b7c1cc3');
INSERT INTO public.preflight_report VALUES ('4fa1ec9f-7390-5891-ba49-0b9023726dc5', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ stat', '1 ü''"; -- \ server 😀', '1 ü''"; -', false, '{"n": [1, "ü", null]}', '{"n": [1, "ü", null]}', '2026-03-02 12:00:00.123451+00', 'b98e687e-06dd-5912-9cd6-871bf6274a5f');
INSERT INTO public.preflight_report VALUES ('8cff3001-d9e1-5e4d-8342-8f9f6bf7d353', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ stat', '2 ü''"; -- \ server 😀', '2 ü''"; -', true, '{"n": [2, "ü", null]}', '{"n": [2, "ü", null]}', '2026-03-03 12:00:00.123452+00', 'c629cb8a-83d4-5bad-921b-5913dd66ee8e');
INSERT INTO public.provider_visit VALUES ('942744cf-0e70-5a25-b650-4db17c5407bd', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ state 😀', '0 ü''"; -- \ browser 😀', '0 ü''"; -- \ nonce 😀', '0 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', '0 ü''"; -- \ issuer 😀', '0 ü''"; -- \ redirect_uri 😀', '2026-03-01 12:00:00.12345+00', NULL);
INSERT INTO public.provider_visit VALUES ('441f68d4-37d2-5674-ad9a-69d9fe321a2e', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ state 😀', '1 ü''"; -- \ browser 😀', '1 ü''"; -- \ nonce 😀', '1 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', '1 ü''"; -- \ issuer 😀', '1 ü''"; -- \ redirect_uri 😀', '2026-03-02 12:00:00.123451+00', 'ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO public.provider_visit VALUES ('42b8a45b-d770-521f-bb54-8cf50bae3690', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ state 😀', '2 ü''"; -- \ browser 😀', '2 ü''"; -- \ nonce 😀', '2 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', '2 ü''"; -- \ issuer 😀', '2 ü''"; -- \ redirect_uri 😀', '2026-03-03 12:00:00.123452+00', '1622480b-5f50-53d7-af49-e536afb1e3b0');
INSERT INTO public.recovery_code VALUES ('47312b33-9540-5c56-a4d4-9f1888837084', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ digest 😀', 'f020a624-bd50-5695-8ca4-a4dfdce1f18d');
INSERT INTO public.recovery_code VALUES ('e025af37-580c-54b9-ae5f-380ef9c69495', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ digest 😀', 'ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO public.recovery_code VALUES ('a8c225dc-dc1d-50c6-ad8a-f904593607ba', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ digest 😀', '1622480b-5f50-53d7-af49-e536afb1e3b0');
INSERT INTO public.refresh_token VALUES ('1354be3b-d686-5b2e-b0b1-fe38122dbf26', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ digest 😀', NULL, '604c679f-b3e7-536f-8910-aa50d0f2dbe9');
INSERT INTO public.refresh_token VALUES ('1fde670a-9682-5b49-a9bf-94ccce724da3', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ digest 😀', '2026-03-02 12:00:00.123451+00', '876da958-bb7a-578e-ba38-00be8b36d17f');
INSERT INTO public.refresh_token VALUES ('daf5a8a9-b972-53d6-aa5a-96003916df3e', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ digest 😀', '2026-03-03 12:00:00.123452+00', '81dd7f2f-7f4c-5d59-b53b-c85aa139932b');
INSERT INTO public.setting VALUES ('1e898baf-794c-5628-8a38-1a9969e3183f', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ key 😀', '0 ü''"; -- \ value 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO public.setting VALUES ('cccfa823-7d1f-5a4f-860f-37fb696bf9a9', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ key 😀', '1 ü''"; -- \ value 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO public.setting VALUES ('064cbe3e-9c56-58c0-b8d7-fa353485c4b5', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ key 😀', '2 ü''"; -- \ value 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO public.stream_destination VALUES ('86d118ae-008b-5fbc-ac12-3bc8fbdbe238', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ name 😀', '0 ü''"; -- \ type 😀', true, '{"n": [0, "ü", null]}', NULL, 1, 1);
INSERT INTO public.stream_destination VALUES ('d628d160-aeae-573c-a592-588099d3c6a3', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ name 😀', '1 ü''"; -- \ type 😀', false, '{"n": [1, "ü", null]}', '1 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', 2, 2);
INSERT INTO public.stream_destination VALUES ('e69f9fb1-c9d2-52e3-a13c-744dd30ae854', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ name 😀', '2 ü''"; -- \ type 😀', true, '{"n": [2, "ü", null]}', '2 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', 3, 3);
INSERT INTO public.stream_job VALUES ('8773837c-b970-5b45-be90-12e72b7c1cc3', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ name 😀', '{"n": [0, "ü", null]}', '0 ü''"; -- \ sour', NULL, '{"n": [0, "ü", null]}', '{"n": [0, "ü", null]}', '{"n": [0, "ü", null]}', true, '{"n": [0, "ü", null]}', '0 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', 1, '0 ü''"; -- \ desi', NULL, 1, 1, NULL);
INSERT INTO public.stream_job VALUES ('b98e687e-06dd-5912-9cd6-871bf6274a5f', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ name 😀', '{"n": [1, "ü", null]}', '1 ü''"; -- \ sour', '1 ü''"; -- \ source_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', '{"n": [1, "ü", null]}', '{"n": [1, "ü", null]}', '{"n": [1, "ü", null]}', false, '{"n": [1, "ü", null]}', '1 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', 2, '1 ü''"; -- \ desi', '2026-03-02 12:00:00.123451+00', 2, 2, 'ac465fa8-55f6-5327-b125-71112eb5df2c');
INSERT INTO public.stream_job VALUES ('c629cb8a-83d4-5bad-921b-5913dd66ee8e', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ name 😀', '{"n": [2, "ü", null]}', '2 ü''"; -- \ sour', '2 ü''"; -- \ source_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', '{"n": [2, "ü", null]}', '{"n": [2, "ü", null]}', '{"n": [2, "ü", null]}', true, '{"n": [2, "ü", null]}', '2 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', 3, '2 ü''"; -- \ desi', '2026-03-03 12:00:00.123452+00', 3, 3, '1296bd07-288d-5c90-a681-e3576102e285');
INSERT INTO public.stream_job_output VALUES ('282806b0-b5f6-5f05-a191-4326a6222621', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', true, 1, 1, NULL, '86d118ae-008b-5fbc-ac12-3bc8fbdbe238', '8773837c-b970-5b45-be90-12e72b7c1cc3', NULL);
INSERT INTO public.stream_job_output VALUES ('2914b656-09d5-53ca-86de-dea0c3516a59', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', false, 2, 2, '1 ü''"; -- \ broadcast 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', 'd628d160-aeae-573c-a592-588099d3c6a3', 'b98e687e-06dd-5912-9cd6-871bf6274a5f', 'ac465fa8-55f6-5327-b125-71112eb5df2c');
INSERT INTO public.stream_job_output VALUES ('dcd04736-4df4-524e-b64a-fe509aaf437d', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', true, 3, 3, '2 ü''"; -- \ broadcast 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', 'e69f9fb1-c9d2-52e3-a13c-744dd30ae854', 'c629cb8a-83d4-5bad-921b-5913dd66ee8e', '1296bd07-288d-5c90-a681-e3576102e285');
INSERT INTO public.tortoise_migrations VALUES (1, 'core', '0001_initial', '2026-11-21 20:33:30.237189+00');
INSERT INTO public.tortoise_migrations VALUES (2, 'core', '0002_accounts', '2026-11-21 20:33:30.690162+00');
INSERT INTO public.tortoise_migrations VALUES (3, 'core', '0003_streams', '2026-11-21 20:33:31.080965+00');
INSERT INTO public.tortoise_migrations VALUES (4, 'core', '0004_engine', '2026-11-21 20:33:31.158475+00');
INSERT INTO public.user_account VALUES ('f020a624-bd50-5695-8ca4-a4dfdce1f18d', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ name 😀', '0 ü''"; -- \ key 😀', '0 ü''"; -- \ role', true, NULL, NULL, true, 1, NULL, NULL, NULL);
INSERT INTO public.user_account VALUES ('ca70ac91-c50f-5f26-a1df-5c25e4dc0f05', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ name 😀', '1 ü''"; -- \ key 😀', '1 ü''"; -- \ role', false, '1 ü''"; -- \ password 😀', '1 ü''"; -- \ totp_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', false, 2, '1 ü''"; -', '1 ü''"; -- \ time_zone 😀', '1 ü''"; -');
INSERT INTO public.user_account VALUES ('1622480b-5f50-53d7-af49-e536afb1e3b0', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ name 😀', '2 ü''"; -- \ key 😀', '2 ü''"; -- \ role', true, '2 ü''"; -- \ password 😀', '2 ü''"; -- \ totp_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ', true, 3, '2 ü''"; -', '2 ü''"; -- \ time_zone 😀', '2 ü''"; -');
INSERT INTO public.user_identity VALUES ('bc014c0f-a532-5e0c-83e0-d57211fc805d', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ issuer 😀', '0 ü''"; -- \ subject 😀', 'f020a624-bd50-5695-8ca4-a4dfdce1f18d');
INSERT INTO public.user_identity VALUES ('8cae9105-ef88-5e50-a7fc-7026e586f505', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ issuer 😀', '1 ü''"; -- \ subject 😀', 'ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO public.user_identity VALUES ('bdd2491a-e3ce-5c44-9c97-9cae39ab65bf', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ issuer 😀', '2 ü''"; -- \ subject 😀', '1622480b-5f50-53d7-af49-e536afb1e3b0');
INSERT INTO public.user_session VALUES ('604c679f-b3e7-536f-8910-aa50d0f2dbe9', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', NULL, '0 ü''"; -- \ address 😀', '0 ü''"; -- \ agent 😀', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', 'f020a624-bd50-5695-8ca4-a4dfdce1f18d');
INSERT INTO public.user_session VALUES ('876da958-bb7a-578e-ba38-00be8b36d17f', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ cookie 😀', '1 ü''"; -- \ address 😀', '1 ü''"; -- \ agent 😀', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', 'ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO public.user_session VALUES ('81dd7f2f-7f4c-5d59-b53b-c85aa139932b', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ cookie 😀', '2 ü''"; -- \ address 😀', '2 ü''"; -- \ agent 😀', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '1622480b-5f50-53d7-af49-e536afb1e3b0');
INSERT INTO public.wizard_state VALUES ('2aa46f27-24f1-594e-ba7a-2f60e7d9a950', '2026-03-01 12:00:00.12345+00', '2026-03-01 12:00:00.12345+00', '0 ü''"; -- \ name', '600106d9-9d3e-5224-a417-24656b8e2d20', '{"n": [0, "ü", null]}', NULL);
INSERT INTO public.wizard_state VALUES ('e6b43909-f49e-5e99-8a9f-475193f394b7', '2026-03-02 12:00:00.123451+00', '2026-03-02 12:00:00.123451+00', '1 ü''"; -- \ name', '989cd03d-8f3e-5424-8571-f1ae4b31d0bc', '{"n": [1, "ü", null]}', '2026-03-02 12:00:00.123451+00');
INSERT INTO public.wizard_state VALUES ('04f8e06f-c6b0-5e84-94bf-017691ae67b3', '2026-03-03 12:00:00.123452+00', '2026-03-03 12:00:00.123452+00', '2 ü''"; -- \ name', '2c4aea1f-67d1-5d79-9f63-539c0b2da9fc', '{"n": [2, "ü", null]}', '2026-03-03 12:00:00.123452+00');
SELECT pg_catalog.setval('public.audit_entry_id_seq', 1, false);
SELECT pg_catalog.setval('public.tortoise_migrations_id_seq', 4, true);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.engine_run
    ADD CONSTRAINT engine_run_pkey PRIMARY KEY (job_id);
ALTER TABLE ONLY public.engine_state_change
    ADD CONSTRAINT engine_state_change_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ffmpeg_profile
    ADD CONSTRAINT ffmpeg_profile_name_key UNIQUE (name);
ALTER TABLE ONLY public.ffmpeg_profile
    ADD CONSTRAINT ffmpeg_profile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kept_answer
    ADD CONSTRAINT kept_answer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kept_answer
    ADD CONSTRAINT kept_answer_place_key UNIQUE (place);
ALTER TABLE ONLY public.live_ticket
    ADD CONSTRAINT live_ticket_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.live_ticket
    ADD CONSTRAINT live_ticket_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.preflight_report
    ADD CONSTRAINT preflight_report_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provider_visit
    ADD CONSTRAINT provider_visit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provider_visit
    ADD CONSTRAINT provider_visit_state_key UNIQUE (state);
ALTER TABLE ONLY public.recovery_code
    ADD CONSTRAINT recovery_code_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.setting
    ADD CONSTRAINT setting_key_key UNIQUE (key);
ALTER TABLE ONLY public.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.stream_destination
    ADD CONSTRAINT stream_destination_name_key UNIQUE (name);
ALTER TABLE ONLY public.stream_destination
    ADD CONSTRAINT stream_destination_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.stream_job
    ADD CONSTRAINT stream_job_name_key UNIQUE (name);
ALTER TABLE ONLY public.stream_job_output
    ADD CONSTRAINT stream_job_output_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.stream_job
    ADD CONSTRAINT stream_job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tortoise_migrations
    ADD CONSTRAINT tortoise_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT uid_api_token_user_id_eec1af UNIQUE (user_id, name);
ALTER TABLE ONLY public.recovery_code
    ADD CONSTRAINT uid_recovery_co_user_id_8f1415 UNIQUE (user_id, digest);
ALTER TABLE ONLY public.stream_job_output
    ADD CONSTRAINT uid_stream_job__job_id_256d9a UNIQUE (job_id, destination_id);
ALTER TABLE ONLY public.tortoise_migrations
    ADD CONSTRAINT uid_tortoise_mi_app_3803a5 UNIQUE (app, name);
ALTER TABLE ONLY public.user_identity
    ADD CONSTRAINT uid_user_identi_issuer_eaac00 UNIQUE (issuer, subject);
ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT user_account_key_key UNIQUE (key);
ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT user_account_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.user_identity
    ADD CONSTRAINT user_identity_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT user_session_cookie_key UNIQUE (cookie);
ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT user_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.wizard_state
    ADD CONSTRAINT wizard_state_name_key UNIQUE (name);
ALTER TABLE ONLY public.wizard_state
    ADD CONSTRAINT wizard_state_pkey PRIMARY KEY (id);
CREATE INDEX idx_audit_entry_action_996fc3 ON public.audit_entry USING btree (action, at);
CREATE INDEX idx_audit_entry_actor_i_31083a ON public.audit_entry USING btree (actor_id, at);
CREATE INDEX idx_audit_entry_at_c3f19e ON public.audit_entry USING btree (at);
CREATE INDEX idx_audit_entry_target__c40dc3 ON public.audit_entry USING btree (target_id, at);
CREATE INDEX idx_engine_stat_at_0f5c22 ON public.engine_state_change USING btree (at);
CREATE INDEX idx_engine_stat_job_id_410ba7 ON public.engine_state_change USING btree (job_id, at);
CREATE INDEX idx_kept_answer_created_4004bd ON public.kept_answer USING btree (created_at);
CREATE INDEX idx_live_ticket_expires_f0c50f ON public.live_ticket USING btree (expires_at);
CREATE INDEX idx_preflight_r_job_id_e3c2a1 ON public.preflight_report USING btree (job_id, created_at);
CREATE INDEX idx_provider_vi_expires_023441 ON public.provider_visit USING btree (expires_at);
CREATE INDEX idx_stream_dest_type_bac79e ON public.stream_destination USING btree (type);
CREATE INDEX idx_stream_job__job_id_2f58d9 ON public.stream_job_output USING btree (job_id, "position");
CREATE INDEX idx_stream_job_desired_c0ab2c ON public.stream_job USING btree (desired);
CREATE INDEX idx_stream_job_source__7db444 ON public.stream_job USING btree (source_kind);
CREATE INDEX idx_user_accoun_role_4bd711 ON public.user_account USING btree (role, enabled);
CREATE INDEX idx_user_sessio_expires_adab17 ON public.user_session USING btree (expires_at);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.live_ticket
    ADD CONSTRAINT live_ticket_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.user_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.live_ticket
    ADD CONSTRAINT live_ticket_token_id_fkey FOREIGN KEY (token_id) REFERENCES public.api_token(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.preflight_report
    ADD CONSTRAINT preflight_report_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.stream_job(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.provider_visit
    ADD CONSTRAINT provider_visit_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.recovery_code
    ADD CONSTRAINT recovery_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT refresh_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.user_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.stream_job_output
    ADD CONSTRAINT stream_job_output_destination_id_fkey FOREIGN KEY (destination_id) REFERENCES public.stream_destination(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.stream_job_output
    ADD CONSTRAINT stream_job_output_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.stream_job(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.stream_job_output
    ADD CONSTRAINT stream_job_output_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.ffmpeg_profile(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.stream_job
    ADD CONSTRAINT stream_job_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES public.ffmpeg_profile(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.user_identity
    ADD CONSTRAINT user_identity_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_session
    ADD CONSTRAINT user_session_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;
