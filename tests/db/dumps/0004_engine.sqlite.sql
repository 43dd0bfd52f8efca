BEGIN TRANSACTION;
CREATE TABLE "api_token" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(64) NOT NULL,
    "digest" VARCHAR(64) NOT NULL UNIQUE,
    "hint" VARCHAR(4) NOT NULL,
    "scopes" JSON NOT NULL,
    "expires_at" TIMESTAMP,
    "last_used_at" TIMESTAMP,
    "user_id" CHAR(36) NOT NULL REFERENCES "user_account" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_api_token_user_id_eec1af" UNIQUE ("user_id", "name")
);
INSERT INTO "api_token" VALUES('7c91110d-e6fe-59b8-b830-6ff035af49bb','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','0 ü''"; -- \ digest 😀','0 ü''','{"n": [0, "ü", null]}',NULL,NULL,'f020a624-bd50-5695-8ca4-a4dfdce1f18d');
INSERT INTO "api_token" VALUES('d29a8287-3dfe-5798-b92b-71d4bb99425e','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','1 ü''"; -- \ digest 😀','1 ü''','{"n": [1, "ü", null]}','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO "api_token" VALUES('f63d6b33-f969-5390-a172-5fc5ade6d6c4','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','2 ü''"; -- \ digest 😀','2 ü''','{"n": [2, "ü", null]}','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','1622480b-5f50-53d7-af49-e536afb1e3b0');
CREATE TABLE "audit_entry" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "actor_kind" VARCHAR(16) NOT NULL,
    "actor_id" VARCHAR(36),
    "actor_name" VARCHAR(64) NOT NULL,
    "address" VARCHAR(64) NOT NULL,
    "action" VARCHAR(64) NOT NULL,
    "outcome" VARCHAR(16) NOT NULL,
    "target_kind" VARCHAR(32),
    "target_id" VARCHAR(64),
    "target_name" VARCHAR(128),
    "fields_changed" JSON NOT NULL,
    "params" JSON NOT NULL
);
INSERT INTO "audit_entry" VALUES(1,'2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ acto',NULL,'0 ü''"; -- \ actor_name 😀','0 ü''"; -- \ address 😀','0 ü''"; -- \ action 😀','0 ü''"; -- \ outc',NULL,NULL,NULL,'{"n": [0, "ü", null]}','{"n": [0, "ü", null]}');
INSERT INTO "audit_entry" VALUES(2,'2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ acto','1 ü''"; -- \ actor_id 😀','1 ü''"; -- \ actor_name 😀','1 ü''"; -- \ address 😀','1 ü''"; -- \ action 😀','1 ü''"; -- \ outc','1 ü''"; -- \ target_kind 😀','1 ü''"; -- \ target_id 😀','1 ü''"; -- \ target_name 😀','{"n": [1, "ü", null]}','{"n": [1, "ü", null]}');
INSERT INTO "audit_entry" VALUES(3,'2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ acto','2 ü''"; -- \ actor_id 😀','2 ü''"; -- \ actor_name 😀','2 ü''"; -- \ address 😀','2 ü''"; -- \ action 😀','2 ü''"; -- \ outc','2 ü''"; -- \ target_kind 😀','2 ü''"; -- \ target_id 😀','2 ü''"; -- \ target_name 😀','{"n": [2, "ü", null]}','{"n": [2, "ü", null]}');
CREATE TABLE "engine_run" (
    "job_id" CHAR(36) NOT NULL  PRIMARY KEY,
    "process" VARCHAR(80) NOT NULL,
    "seq" BIGINT NOT NULL,
    "generation" INT NOT NULL,
    "restarts" INT NOT NULL,
    "outcome" VARCHAR(8) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "code" VARCHAR(100) NOT NULL,
    "params" JSON NOT NULL,
    "attempts" INT NOT NULL,
    "since" TIMESTAMP NOT NULL,
    "started_at" TIMESTAMP
);
INSERT INTO "engine_run" VALUES('11a715eb-15c4-56c7-b025-8d2de786cc8b','0 ü''"; -- \ process 😀',1,1,1,'0 ü''"; -','0 ü''"; -- \ stat','0 ü''"; -- \ code 😀','{"n": [0, "ü", null]}',1,'2026-03-01 12:00:00.123450+00:00',NULL);
INSERT INTO "engine_run" VALUES('e04a5a7c-a527-5db2-ba8b-f5332aae45a5','1 ü''"; -- \ process 😀',2,2,2,'1 ü''"; -','1 ü''"; -- \ stat','1 ü''"; -- \ code 😀','{"n": [1, "ü", null]}',2,'2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00');
INSERT INTO "engine_run" VALUES('9b3faa70-3164-5f89-9f76-fa7fdb4196df','2 ü''"; -- \ process 😀',3,3,3,'2 ü''"; -','2 ü''"; -- \ stat','2 ü''"; -- \ code 😀','{"n": [2, "ü", null]}',3,'2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00');
CREATE TABLE "engine_state_change" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "job_id" CHAR(36) NOT NULL,
    "subject" VARCHAR(64) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "code" VARCHAR(100) NOT NULL,
    "params" JSON NOT NULL,
    "at" TIMESTAMP NOT NULL
);
INSERT INTO "engine_state_change" VALUES('ad80ad21-26ca-59e7-96a5-ed50566a8290','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','d4b904ea-6450-5499-a364-1c1263e1473b','0 ü''"; -- \ subject 😀','0 ü''"; -- \ stat','0 ü''"; -- \ code 😀','{"n": [0, "ü", null]}','2026-03-01 12:00:00.123450+00:00');
INSERT INTO "engine_state_change" VALUES('c2221922-b773-53e7-a988-93be730606dd','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','085996ee-013b-5993-9bfa-4d79ffaf6084','1 ü''"; -- \ subject 😀','1 ü''"; -- \ stat','1 ü''"; -- \ code 😀','{"n": [1, "ü", null]}','2026-03-02 12:00:00.123451+00:00');
INSERT INTO "engine_state_change" VALUES('6b2bace1-8fb1-559e-88b0-659d76a9c3a7','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','0f05941e-7bab-5ea4-97a5-735a7db4021d','2 ü''"; -- \ subject 😀','2 ü''"; -- \ stat','2 ü''"; -- \ code 😀','{"n": [2, "ü", null]}','2026-03-03 12:00:00.123452+00:00');
CREATE TABLE "ffmpeg_profile" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(100) NOT NULL UNIQUE,
    "settings" JSON NOT NULL,
    "expert_args" JSON NOT NULL,
    "revision" INT NOT NULL
);
INSERT INTO "ffmpeg_profile" VALUES('a468ad6c-a2be-569f-b223-b98cf5116335','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','{"n": [0, "ü", null]}','{"n": [0, "ü", null]}',1);
INSERT INTO "ffmpeg_profile" VALUES('ac465fa8-55f6-5327-b125-71112eb5df2c','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','{"n": [1, "ü", null]}','{"n": [1, "ü", null]}',2);
INSERT INTO "ffmpeg_profile" VALUES('1296bd07-288d-5c90-a681-e3576102e285','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','{"n": [2, "ü", null]}','{"n": [2, "ü", null]}',3);
CREATE TABLE "kept_answer" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "place" VARCHAR(64) NOT NULL UNIQUE,
    "request" VARCHAR(64) NOT NULL,
    "server" VARCHAR(36) NOT NULL,
    "status" INT,
    "answer" TEXT
);
INSERT INTO "kept_answer" VALUES('7d17563b-dddc-5c57-ae36-e9833e238621','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ place 😀','0 ü''"; -- \ request 😀','0 ü''"; -- \ server 😀',NULL,NULL);
INSERT INTO "kept_answer" VALUES('5a00c4f4-bfb9-5da4-a8bc-390ac936b786','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ place 😀','1 ü''"; -- \ request 😀','1 ü''"; -- \ server 😀',2,'1 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO "kept_answer" VALUES('16d53d33-43b2-5e5a-a726-f127db9743b0','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ place 😀','2 ü''"; -- \ request 😀','2 ü''"; -- \ server 😀',3,'2 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
CREATE TABLE "live_ticket" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "digest" VARCHAR(64) NOT NULL UNIQUE,
    "expires_at" TIMESTAMP NOT NULL,
    "session_id" CHAR(36) REFERENCES "user_session" ("id") ON DELETE CASCADE,
    "token_id" CHAR(36) REFERENCES "api_token" ("id") ON DELETE CASCADE
);
INSERT INTO "live_ticket" VALUES('ce70015f-ef84-5bbc-a20c-386bad1ac349','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ digest 😀','2026-03-01 12:00:00.123450+00:00',NULL,NULL);
INSERT INTO "live_ticket" VALUES('f7fa9c79-9ebf-5ab0-a1a8-b976852689c7','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ digest 😀','2026-03-02 12:00:00.123451+00:00','876da958-bb7a-578e-ba38-00be8b36d17f','d29a8287-3dfe-5798-b92b-71d4bb99425e');
INSERT INTO "live_ticket" VALUES('13e7e9a4-404b-5d24-ab61-53ca08ed69dd','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ digest 😀','2026-03-03 12:00:00.123452+00:00','81dd7f2f-7f4c-5d59-b53b-c85aa139932b','f63d6b33-f969-5390-a172-5fc5ade6d6c4');
CREATE TABLE "preflight_report" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "server" VARCHAR(36) NOT NULL,
    "level" VARCHAR(8),
    "can_start" INT,
    "checks" JSON NOT NULL,
    "revisions" JSON NOT NULL,
    "finished_at" TIMESTAMP,
    "job_id" CHAR(36) NOT NULL REFERENCES "stream_job" ("id") ON DELETE CASCADE
);
INSERT INTO "preflight_report" VALUES('013ec0de-bc4f-5f87-8fd1-69a9139e1870','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ stat','0 ü''"; -- \ server 😀',NULL,NULL,'{"n": [0, "ü", null]}','{"n": [0, "ü", null]}',NULL,'8773837c-b970-5b45-be90-12e72b7c1cc3');
INSERT INTO "preflight_report" VALUES('4fa1ec9f-7390-5891-ba49-0b9023726dc5','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ stat','1 ü''"; -- \ server 😀','1 ü''"; -',2,'{"n": [1, "ü", null]}','{"n": [1, "ü", null]}','2026-03-02 12:00:00.123451+00:00','b98e687e-06dd-5912-9cd6-871bf6274a5f');
INSERT INTO "preflight_report" VALUES('8cff3001-d9e1-5e4d-8342-8f9f6bf7d353','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ stat','2 ü''"; -- \ server 😀','2 ü''"; -',3,'{"n": [2, "ü", null]}','{"n": [2, "ü", null]}','2026-03-03 12:00:00.123452+00:00','c629cb8a-83d4-5bad-921b-5913dd66ee8e');
CREATE TABLE "provider_visit" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "state" VARCHAR(64) NOT NULL UNIQUE,
    "browser" VARCHAR(64) NOT NULL,
    "nonce" VARCHAR(64) NOT NULL,
    "verifier" TEXT NOT NULL,
    "issuer" VARCHAR(255) NOT NULL,
    "redirect_uri" VARCHAR(512) NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "user_id" CHAR(36) REFERENCES "user_account" ("id") ON DELETE CASCADE
);
INSERT INTO "provider_visit" VALUES('942744cf-0e70-5a25-b650-4db17c5407bd','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ state 😀','0 ü''"; -- \ browser 😀','0 ü''"; -- \ nonce 😀','0 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','0 ü''"; -- \ issuer 😀','0 ü''"; -- \ redirect_uri 😀','2026-03-01 12:00:00.123450+00:00',NULL);
INSERT INTO "provider_visit" VALUES('441f68d4-37d2-5674-ad9a-69d9fe321a2e','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ state 😀','1 ü''"; -- \ browser 😀','1 ü''"; -- \ nonce 😀','1 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ issuer 😀','1 ü''"; -- \ redirect_uri 😀','2026-03-02 12:00:00.123451+00:00','ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO "provider_visit" VALUES('42b8a45b-d770-521f-bb54-8cf50bae3690','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ state 😀','2 ü''"; -- \ browser 😀','2 ü''"; -- \ nonce 😀','2 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ issuer 😀','2 ü''"; -- \ redirect_uri 😀','2026-03-03 12:00:00.123452+00:00','1622480b-5f50-53d7-af49-e536afb1e3b0');
CREATE TABLE "recovery_code" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "user_id" CHAR(36) NOT NULL REFERENCES "user_account" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_recovery_co_user_id_8f1415" UNIQUE ("user_id", "digest")
);
INSERT INTO "recovery_code" VALUES('47312b33-9540-5c56-a4d4-9f1888837084','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ digest 😀','f020a624-bd50-5695-8ca4-a4dfdce1f18d');
INSERT INTO "recovery_code" VALUES('e025af37-580c-54b9-ae5f-380ef9c69495','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ digest 😀','ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO "recovery_code" VALUES('a8c225dc-dc1d-50c6-ad8a-f904593607ba','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ digest 😀','1622480b-5f50-53d7-af49-e536afb1e3b0');
CREATE TABLE "refresh_token" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "digest" VARCHAR(64) NOT NULL UNIQUE,
    "used_at" TIMESTAMP,
    "session_id" CHAR(36) NOT NULL REFERENCES "user_session" ("id") ON DELETE CASCADE
);
INSERT INTO "refresh_token" VALUES('1354be3b-d686-5b2e-b0b1-fe38122dbf26','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ digest 😀',NULL,'604c679f-b3e7-536f-8910-aa50d0f2dbe9');
INSERT INTO "refresh_token" VALUES('1fde670a-9682-5b49-a9bf-94ccce724da3','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ digest 😀','2026-03-02 12:00:00.123451+00:00','876da958-bb7a-578e-ba38-00be8b36d17f');
INSERT INTO "refresh_token" VALUES('daf5a8a9-b972-53d6-aa5a-96003916df3e','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ digest 😀','2026-03-03 12:00:00.123452+00:00','81dd7f2f-7f4c-5d59-b53b-c85aa139932b');
CREATE TABLE "setting" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "key" VARCHAR(64) NOT NULL UNIQUE,
    "value" TEXT NOT NULL
);
INSERT INTO "setting" VALUES('1e898baf-794c-5628-8a38-1a9969e3183f','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ key 😀','0 ü''"; -- \ value 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO "setting" VALUES('cccfa823-7d1f-5a4f-860f-37fb696bf9a9','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ key 😀','1 ü''"; -- \ value 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
INSERT INTO "setting" VALUES('064cbe3e-9c56-58c0-b8d7-fa353485c4b5','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ key 😀','2 ü''"; -- \ value 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ');
CREATE TABLE "stream_destination" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(100) NOT NULL UNIQUE,
    "type" VARCHAR(48) NOT NULL,
    "enabled" INT NOT NULL,
    "config" JSON NOT NULL,
    "secrets" TEXT,
    "config_version" INT NOT NULL,
    "revision" INT NOT NULL
);
INSERT INTO "stream_destination" VALUES('86d118ae-008b-5fbc-ac12-3bc8fbdbe238','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','0 ü''"; -- \ type 😀',1,'{"n": [0, "ü", null]}',NULL,1,1);
INSERT INTO "stream_destination" VALUES('d628d160-aeae-573c-a592-588099d3c6a3','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','1 ü''"; -- \ type 😀',2,'{"n": [1, "ü", null]}','1 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2,2);
INSERT INTO "stream_destination" VALUES('e69f9fb1-c9d2-52e3-a13c-744dd30ae854','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','2 ü''"; -- \ type 😀',3,'{"n": [2, "ü", null]}','2 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3,3);
CREATE TABLE "stream_job" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(100) NOT NULL UNIQUE,
    "source" JSON NOT NULL,
    "source_kind" VARCHAR(16) NOT NULL,
    "source_secret" TEXT,
    "fallback" JSON NOT NULL,
    "restart" JSON NOT NULL,
    "recording" JSON NOT NULL,
    "autostart" INT NOT NULL,
    "tags" JSON NOT NULL,
    "tag_index" TEXT NOT NULL,
    "revision" INT NOT NULL,
    "desired" VARCHAR(16) NOT NULL,
    "desired_at" TIMESTAMP,
    "generation" INT NOT NULL,
    "restarts" INT NOT NULL,
    "profile_id" CHAR(36) REFERENCES "ffmpeg_profile" ("id") ON DELETE RESTRICT
);
INSERT INTO "stream_job" VALUES('8773837c-b970-5b45-be90-12e72b7c1cc3','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','{"n": [0, "ü", null]}','0 ü''"; -- \ sour',NULL,'{"n": [0, "ü", null]}','{"n": [0, "ü", null]}','{"n": [0, "ü", null]}',1,'{"n": [0, "ü", null]}','0 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',1,'0 ü''"; -- \ desi',NULL,1,1,NULL);
INSERT INTO "stream_job" VALUES('b98e687e-06dd-5912-9cd6-871bf6274a5f','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','{"n": [1, "ü", null]}','1 ü''"; -- \ sour','1 ü''"; -- \ source_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','{"n": [1, "ü", null]}','{"n": [1, "ü", null]}','{"n": [1, "ü", null]}',2,'{"n": [1, "ü", null]}','1 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2,'1 ü''"; -- \ desi','2026-03-02 12:00:00.123451+00:00',2,2,'ac465fa8-55f6-5327-b125-71112eb5df2c');
INSERT INTO "stream_job" VALUES('c629cb8a-83d4-5bad-921b-5913dd66ee8e','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','{"n": [2, "ü", null]}','2 ü''"; -- \ sour','2 ü''"; -- \ source_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','{"n": [2, "ü", null]}','{"n": [2, "ü", null]}','{"n": [2, "ü", null]}',3,'{"n": [2, "ü", null]}','2 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3,'2 ü''"; -- \ desi','2026-03-03 12:00:00.123452+00:00',3,3,'1296bd07-288d-5c90-a681-e3576102e285');
CREATE TABLE "stream_job_output" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "enabled" INT NOT NULL,
    "position" INT NOT NULL,
    "revision" INT NOT NULL,
    "broadcast" TEXT,
    "destination_id" CHAR(36) NOT NULL REFERENCES "stream_destination" ("id") ON DELETE RESTRICT,
    "job_id" CHAR(36) NOT NULL REFERENCES "stream_job" ("id") ON DELETE CASCADE,
    "profile_id" CHAR(36) REFERENCES "ffmpeg_profile" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_stream_job__job_id_256d9a" UNIQUE ("job_id", "destination_id")
);
INSERT INTO "stream_job_output" VALUES('282806b0-b5f6-5f05-a191-4326a6222621','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00',1,1,1,NULL,'86d118ae-008b-5fbc-ac12-3bc8fbdbe238','8773837c-b970-5b45-be90-12e72b7c1cc3',NULL);
INSERT INTO "stream_job_output" VALUES('2914b656-09d5-53ca-86de-dea0c3516a59','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00',2,2,2,'1 ü''"; -- \ broadcast 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','d628d160-aeae-573c-a592-588099d3c6a3','b98e687e-06dd-5912-9cd6-871bf6274a5f','ac465fa8-55f6-5327-b125-71112eb5df2c');
INSERT INTO "stream_job_output" VALUES('dcd04736-4df4-524e-b64a-fe509aaf437d','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00',3,3,3,'2 ü''"; -- \ broadcast 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','e69f9fb1-c9d2-52e3-a13c-744dd30ae854','c629cb8a-83d4-5bad-921b-5913dd66ee8e','1296bd07-288d-5c90-a681-e3576102e285');
CREATE TABLE "tortoise_migrations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);
INSERT INTO "tortoise_migrations" VALUES(1,'core','0001_initial','2026-11-21 20:33:28.925113+00:00');
INSERT INTO "tortoise_migrations" VALUES(2,'core','0002_accounts','2026-11-21 20:33:29.010016+00:00');
INSERT INTO "tortoise_migrations" VALUES(3,'core','0003_streams','2026-11-21 20:33:29.184100+00:00');
INSERT INTO "tortoise_migrations" VALUES(4,'core','0004_engine','2026-11-21 20:33:29.203150+00:00');
CREATE TABLE "user_account" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(64) NOT NULL,
    "key" VARCHAR(192) NOT NULL UNIQUE,
    "role" VARCHAR(16) NOT NULL,
    "enabled" INT NOT NULL,
    "password" VARCHAR(255),
    "totp_secret" TEXT,
    "totp_active" INT NOT NULL,
    "totp_step" BIGINT NOT NULL,
    "language" VARCHAR(8),
    "time_zone" VARCHAR(64),
    "theme" VARCHAR(8)
);
INSERT INTO "user_account" VALUES('f020a624-bd50-5695-8ca4-a4dfdce1f18d','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','0 ü''"; -- \ key 😀','0 ü''"; -- \ role',1,NULL,NULL,1,1,NULL,NULL,NULL);
INSERT INTO "user_account" VALUES('ca70ac91-c50f-5f26-a1df-5c25e4dc0f05','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','1 ü''"; -- \ key 😀','1 ü''"; -- \ role',2,'1 ü''"; -- \ password 😀','1 ü''"; -- \ totp_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2,2,'1 ü''"; -','1 ü''"; -- \ time_zone 😀','1 ü''"; -');
INSERT INTO "user_account" VALUES('1622480b-5f50-53d7-af49-e536afb1e3b0','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','2 ü''"; -- \ key 😀','2 ü''"; -- \ role',3,'2 ü''"; -- \ password 😀','2 ü''"; -- \ totp_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3,3,'2 ü''"; -','2 ü''"; -- \ time_zone 😀','2 ü''"; -');
CREATE TABLE "user_identity" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "issuer" VARCHAR(255) NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "user_id" CHAR(36) NOT NULL REFERENCES "user_account" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_user_identi_issuer_eaac00" UNIQUE ("issuer", "subject")
);
INSERT INTO "user_identity" VALUES('bc014c0f-a532-5e0c-83e0-d57211fc805d','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ issuer 😀','0 ü''"; -- \ subject 😀','f020a624-bd50-5695-8ca4-a4dfdce1f18d');
INSERT INTO "user_identity" VALUES('8cae9105-ef88-5e50-a7fc-7026e586f505','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ issuer 😀','1 ü''"; -- \ subject 😀','ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO "user_identity" VALUES('bdd2491a-e3ce-5c44-9c97-9cae39ab65bf','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ issuer 😀','2 ü''"; -- \ subject 😀','1622480b-5f50-53d7-af49-e536afb1e3b0');
CREATE TABLE "user_session" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "cookie" VARCHAR(64)  UNIQUE,
    "address" VARCHAR(64) NOT NULL,
    "agent" VARCHAR(256) NOT NULL,
    "last_seen_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "user_id" CHAR(36) NOT NULL REFERENCES "user_account" ("id") ON DELETE CASCADE
);
INSERT INTO "user_session" VALUES('604c679f-b3e7-536f-8910-aa50d0f2dbe9','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00',NULL,'0 ü''"; -- \ address 😀','0 ü''"; -- \ agent 😀','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','f020a624-bd50-5695-8ca4-a4dfdce1f18d');
INSERT INTO "user_session" VALUES('876da958-bb7a-578e-ba38-00be8b36d17f','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ cookie 😀','1 ü''"; -- \ address 😀','1 ü''"; -- \ agent 😀','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','ca70ac91-c50f-5f26-a1df-5c25e4dc0f05');
INSERT INTO "user_session" VALUES('81dd7f2f-7f4c-5d59-b53b-c85aa139932b','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ cookie 😀','2 ü''"; -- \ address 😀','2 ü''"; -- \ agent 😀','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','1622480b-5f50-53d7-af49-e536afb1e3b0');
CREATE TABLE "wizard_state" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(16) NOT NULL UNIQUE,
    "admin_id" CHAR(36) NOT NULL,
    "steps" JSON NOT NULL,
    "finished_at" TIMESTAMP
);
INSERT INTO "wizard_state" VALUES('2aa46f27-24f1-594e-ba7a-2f60e7d9a950','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name','600106d9-9d3e-5224-a417-24656b8e2d20','{"n": [0, "ü", null]}',NULL);
INSERT INTO "wizard_state" VALUES('e6b43909-f49e-5e99-8a9f-475193f394b7','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name','989cd03d-8f3e-5424-8571-f1ae4b31d0bc','{"n": [1, "ü", null]}','2026-03-02 12:00:00.123451+00:00');
INSERT INTO "wizard_state" VALUES('04f8e06f-c6b0-5e84-94bf-017691ae67b3','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name','2c4aea1f-67d1-5d79-9f63-539c0b2da9fc','{"n": [2, "ü", null]}','2026-03-03 12:00:00.123452+00:00');
CREATE INDEX "idx_kept_answer_created_4004bd" ON "kept_answer" ("created_at");
CREATE INDEX "idx_audit_entry_at_c3f19e" ON "audit_entry" ("at");
CREATE INDEX "idx_audit_entry_actor_i_31083a" ON "audit_entry" ("actor_id", "at");
CREATE INDEX "idx_audit_entry_action_996fc3" ON "audit_entry" ("action", "at");
CREATE INDEX "idx_audit_entry_target__c40dc3" ON "audit_entry" ("target_id", "at");
CREATE INDEX "idx_user_accoun_role_4bd711" ON "user_account" ("role", "enabled");
CREATE INDEX "idx_provider_vi_expires_023441" ON "provider_visit" ("expires_at");
CREATE INDEX "idx_user_sessio_expires_adab17" ON "user_session" ("expires_at");
CREATE INDEX "idx_live_ticket_expires_f0c50f" ON "live_ticket" ("expires_at");
CREATE INDEX "idx_stream_dest_type_bac79e" ON "stream_destination" ("type");
CREATE INDEX "idx_stream_job_desired_c0ab2c" ON "stream_job" ("desired");
CREATE INDEX "idx_stream_job_source__7db444" ON "stream_job" ("source_kind");
CREATE INDEX "idx_stream_job__job_id_2f58d9" ON "stream_job_output" ("job_id", "position");
CREATE INDEX "idx_preflight_r_job_id_e3c2a1" ON "preflight_report" ("job_id", "created_at");
CREATE INDEX "idx_engine_stat_job_id_410ba7" ON "engine_state_change" ("job_id", "at");
CREATE INDEX "idx_engine_stat_at_0f5c22" ON "engine_state_change" ("at");
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('tortoise_migrations',4);
INSERT INTO "sqlite_sequence" VALUES('audit_entry',3);
COMMIT;
