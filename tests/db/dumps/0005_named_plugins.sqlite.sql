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
CREATE TABLE "asset" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "media_type" VARCHAR(32) NOT NULL,
    "file" VARCHAR(64) NOT NULL,
    "size" BIGINT NOT NULL,
    "width" INT NOT NULL,
    "height" INT NOT NULL,
    "duration" REAL,
    "digest" VARCHAR(64) NOT NULL UNIQUE
);
INSERT INTO "asset" VALUES('40d276d4-e3f0-5855-91f1-4c3cb583ec9c','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','0 ü''"; -','0 ü''"; -- \ media_type 😀','0 ü''"; -- \ file 😀',1,1,1,NULL,'0 ü''"; -- \ digest 😀');
INSERT INTO "asset" VALUES('4a70813a-6878-5db2-9372-66869bd06c80','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','1 ü''"; -','1 ü''"; -- \ media_type 😀','1 ü''"; -- \ file 😀',2,2,2,1.5,'1 ü''"; -- \ digest 😀');
INSERT INTO "asset" VALUES('6c95e76d-3b6f-5e80-ad46-cfc5d4fbab53','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','2 ü''"; -','2 ü''"; -- \ media_type 😀','2 ü''"; -- \ file 😀',3,3,3,2.5,'2 ü''"; -- \ digest 😀');
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
CREATE TABLE "device_grant" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "device_code" TEXT NOT NULL,
    "user_code" VARCHAR(64) NOT NULL,
    "verification_url" TEXT NOT NULL,
    "verification_url_complete" TEXT,
    "interval" INT NOT NULL,
    "ask_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "code" VARCHAR(100) NOT NULL,
    "account_id" CHAR(36) NOT NULL UNIQUE REFERENCES "platform_account" ("id") ON DELETE CASCADE
);
INSERT INTO "device_grant" VALUES('a40d1767-c3b5-5281-90d6-d79f23ac6e3b','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ device_code 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','0 ü''"; -- \ user_code 😀','0 ü''"; -- \ verification_url 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',NULL,1,'2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ code 😀','aead035f-aeef-568e-9de9-11e31f5d940b');
INSERT INTO "device_grant" VALUES('5d2b646e-c49f-58cf-87ed-62678a11e228','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ device_code 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ user_code 😀','1 ü''"; -- \ verification_url 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ verification_url_complete 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2,'2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ code 😀','3712a9ef-0afa-5968-8b9c-63dde7d17a5f');
INSERT INTO "device_grant" VALUES('ccffbb27-b2b8-5cf1-9501-71624dda1c1a','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ device_code 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ user_code 😀','2 ü''"; -- \ verification_url 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ verification_url_complete 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3,'2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ code 😀','ba596aac-a8f6-5dc9-a196-8edbc0ebfc48');
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
, "encoders" JSON NOT NULL DEFAULT '[]');
INSERT INTO "engine_run" VALUES('11a715eb-15c4-56c7-b025-8d2de786cc8b','0 ü''"; -- \ process 😀',1,1,1,'0 ü''"; -','0 ü''"; -- \ stat','0 ü''"; -- \ code 😀','{"n": [0, "ü", null]}',1,'2026-03-01 12:00:00.123450+00:00',NULL,'{"n": [0, "ü", null]}');
INSERT INTO "engine_run" VALUES('e04a5a7c-a527-5db2-ba8b-f5332aae45a5','1 ü''"; -- \ process 😀',2,2,2,'1 ü''"; -','1 ü''"; -- \ stat','1 ü''"; -- \ code 😀','{"n": [1, "ü", null]}',2,'2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','{"n": [1, "ü", null]}');
INSERT INTO "engine_run" VALUES('9b3faa70-3164-5f89-9f76-fa7fdb4196df','2 ü''"; -- \ process 😀',3,3,3,'2 ü''"; -','2 ü''"; -- \ stat','2 ü''"; -- \ code 😀','{"n": [2, "ü", null]}',3,'2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','{"n": [2, "ü", null]}');
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
CREATE TABLE "media_item" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "path" TEXT NOT NULL,
    "place" VARCHAR(32) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "kind" VARCHAR(8) NOT NULL,
    "size" BIGINT,
    "modified" TIMESTAMP,
    "etag" TEXT,
    "version" VARCHAR(32) NOT NULL,
    "state" VARCHAR(12) NOT NULL,
    "code" VARCHAR(64),
    "params" JSON NOT NULL,
    "again" INT NOT NULL,
    "duration" REAL,
    "width" INT,
    "height" INT,
    "video_codec" VARCHAR(32),
    "audio_codec" VARCHAR(32),
    "streamable" INT NOT NULL,
    "flags" JSON NOT NULL,
    "info" JSON,
    "thumbnail" VARCHAR(8) NOT NULL,
    "probed_at" TIMESTAMP,
    "source_id" CHAR(36) NOT NULL REFERENCES "storage_source" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_media_item_source__f4f0eb" UNIQUE ("source_id", "place")
);
INSERT INTO "media_item" VALUES('6d636e3b-b788-5539-8754-6a1ebca51a38','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ path 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','0 ü''"; -- \ place 😀','0 ü''"; -- \ name 😀','0 ü''"; -',NULL,NULL,NULL,'0 ü''"; -- \ version 😀','0 ü''"; -- \ ',NULL,'{"n": [0, "ü", null]}',1,NULL,NULL,NULL,NULL,NULL,1,'{"n": [0, "ü", null]}',NULL,'0 ü''"; -',NULL,'b0cd6e86-2adb-5890-9dab-97215e236234');
INSERT INTO "media_item" VALUES('c3dd2678-a898-5194-b50f-306ba139e6e7','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ path 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ place 😀','1 ü''"; -- \ name 😀','1 ü''"; -',2,'2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ etag 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ version 😀','1 ü''"; -- \ ','1 ü''"; -- \ code 😀','{"n": [1, "ü", null]}',2,1.5,2,2,'1 ü''"; -- \ video_codec 😀','1 ü''"; -- \ audio_codec 😀',2,'{"n": [1, "ü", null]}','{"n": [1, "ü", null]}','1 ü''"; -','2026-03-02 12:00:00.123451+00:00','13b8f3bc-3539-5f25-88a2-00a7180e2137');
INSERT INTO "media_item" VALUES('71866c60-477b-56af-adb9-5f155d5dcc83','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ path 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ place 😀','2 ü''"; -- \ name 😀','2 ü''"; -',3,'2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ etag 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ version 😀','2 ü''"; -- \ ','2 ü''"; -- \ code 😀','{"n": [2, "ü", null]}',3,2.5,3,3,'2 ü''"; -- \ video_codec 😀','2 ü''"; -- \ audio_codec 😀',3,'{"n": [2, "ü", null]}','{"n": [2, "ü", null]}','2 ü''"; -','2026-03-03 12:00:00.123452+00:00','63956d47-e0c3-5cc1-b11a-7706e61b4d5f');
CREATE TABLE "media_scan" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "active" CHAR(36)  UNIQUE,
    "state" VARCHAR(12) NOT NULL,
    "origin" VARCHAR(8) NOT NULL,
    "counts" JSON NOT NULL,
    "code" VARCHAR(64),
    "params" JSON NOT NULL,
    "started_at" TIMESTAMP,
    "ended_at" TIMESTAMP,
    "source_id" CHAR(36) NOT NULL REFERENCES "storage_source" ("id") ON DELETE CASCADE
);
INSERT INTO "media_scan" VALUES('6cdcfc5f-ed0f-5764-b155-10fba037769a','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00',NULL,'0 ü''"; -- \ ','0 ü''"; -','{"n": [0, "ü", null]}',NULL,'{"n": [0, "ü", null]}',NULL,NULL,'b0cd6e86-2adb-5890-9dab-97215e236234');
INSERT INTO "media_scan" VALUES('f4c7ae78-f73b-58c3-9c0a-2304e1a66fae','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','8a3820d6-e371-5dfc-85e9-724f867c6738','1 ü''"; -- \ ','1 ü''"; -','{"n": [1, "ü", null]}','1 ü''"; -- \ code 😀','{"n": [1, "ü", null]}','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','13b8f3bc-3539-5f25-88a2-00a7180e2137');
INSERT INTO "media_scan" VALUES('e041238b-e284-5e70-8421-fe2b9d9368cb','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','3d918dee-2fd0-5866-b471-12a5d8d31388','2 ü''"; -- \ ','2 ü''"; -','{"n": [2, "ü", null]}','2 ü''"; -- \ code 😀','{"n": [2, "ü", null]}','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','63956d47-e0c3-5cc1-b11a-7706e61b4d5f');
CREATE TABLE "notification_delivery" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "key" CHAR(36) NOT NULL,
    "event" VARCHAR(64) NOT NULL,
    "level" VARCHAR(8) NOT NULL,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "link" TEXT,
    "params" JSON NOT NULL,
    "happened_at" TIMESTAMP NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "state" VARCHAR(8) NOT NULL,
    "attempts" INT NOT NULL,
    "next_attempt" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "done_at" TIMESTAMP,
    "answer" TEXT NOT NULL,
    "code" VARCHAR(100) NOT NULL,
    "code_params" JSON NOT NULL,
    "target_id" CHAR(36) NOT NULL REFERENCES "notification_target" ("id") ON DELETE CASCADE
);
INSERT INTO "notification_delivery" VALUES('63de8436-67f2-5fec-9740-92fb507a7f11','a9f45e42-62f7-516b-a47a-4bf472e8b519','0 ü''"; -- \ event 😀','0 ü''"; -','0 ü''"; -- \ title 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','0 ü''"; -- \ body 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',NULL,'{"n": [0, "ü", null]}','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -',1,'2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00',NULL,'0 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','0 ü''"; -- \ code 😀','{"n": [0, "ü", null]}','9a465d26-8a89-53f0-91b7-d6a4459cd0e8');
INSERT INTO "notification_delivery" VALUES('1be42955-7118-59c9-b382-ccc964d19577','6db16905-e638-5cd3-aef3-5998ef9bb3be','1 ü''"; -- \ event 😀','1 ü''"; -','1 ü''"; -- \ title 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ body 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ link 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','{"n": [1, "ü", null]}','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -',2,'2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ code 😀','{"n": [1, "ü", null]}','8c9067c2-06bf-50f6-9dd9-094893d57fee');
INSERT INTO "notification_delivery" VALUES('eb9eac0d-f700-56c3-852a-e11845662ef7','2779f180-fb5a-5b8f-a929-88c268a2a08f','2 ü''"; -- \ event 😀','2 ü''"; -','2 ü''"; -- \ title 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ body 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ link 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','{"n": [2, "ü", null]}','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -',3,'2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ answer 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ code 😀','{"n": [2, "ü", null]}','b568a8f4-dd71-5f65-a598-41dcce1f2f0b');
CREATE TABLE "notification_incident" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "topic" VARCHAR(32) NOT NULL,
    "subject" VARCHAR(200) NOT NULL,
    "kept" JSON NOT NULL,
    CONSTRAINT "uid_notificatio_topic_9ab001" UNIQUE ("topic", "subject")
);
INSERT INTO "notification_incident" VALUES('ee7c6338-1874-50be-bf8d-c36f8b8661b7','0 ü''"; -- \ topic 😀','0 ü''"; -- \ subject 😀','{"n": [0, "ü", null]}');
INSERT INTO "notification_incident" VALUES('2429bd10-1c5a-5231-b7f5-f81870a3f3e0','1 ü''"; -- \ topic 😀','1 ü''"; -- \ subject 😀','{"n": [1, "ü", null]}');
INSERT INTO "notification_incident" VALUES('4f109f8b-3a18-58f3-80a3-88b285ba847b','2 ü''"; -- \ topic 😀','2 ü''"; -- \ subject 😀','{"n": [2, "ü", null]}');
CREATE TABLE "notification_target" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(100) NOT NULL UNIQUE,
    "type" VARCHAR(48) NOT NULL,
    "enabled" INT NOT NULL,
    "config" JSON NOT NULL,
    "secrets" TEXT,
    "config_version" INT NOT NULL,
    "events" JSON NOT NULL,
    "min_level" VARCHAR(8) NOT NULL,
    "language" VARCHAR(2),
    "quiet_hours" JSON,
    "last_state" VARCHAR(8) NOT NULL,
    "last_code" VARCHAR(100) NOT NULL,
    "last_at" TIMESTAMP
);
INSERT INTO "notification_target" VALUES('9a465d26-8a89-53f0-91b7-d6a4459cd0e8','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','0 ü''"; -- \ type 😀',1,'{"n": [0, "ü", null]}',NULL,1,'{"n": [0, "ü", null]}','0 ü''"; -',NULL,NULL,'0 ü''"; -','0 ü''"; -- \ last_code 😀',NULL);
INSERT INTO "notification_target" VALUES('8c9067c2-06bf-50f6-9dd9-094893d57fee','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','1 ü''"; -- \ type 😀',2,'{"n": [1, "ü", null]}','1 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2,'{"n": [1, "ü", null]}','1 ü''"; -','1 ','{"n": [1, "ü", null]}','1 ü''"; -','1 ü''"; -- \ last_code 😀','2026-03-02 12:00:00.123451+00:00');
INSERT INTO "notification_target" VALUES('b568a8f4-dd71-5f65-a598-41dcce1f2f0b','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','2 ü''"; -- \ type 😀',3,'{"n": [2, "ü", null]}','2 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3,'{"n": [2, "ü", null]}','2 ü''"; -','2 ','{"n": [2, "ü", null]}','2 ü''"; -','2 ü''"; -- \ last_code 😀','2026-03-03 12:00:00.123452+00:00');
CREATE TABLE "oauth_visit" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "state" VARCHAR(64) NOT NULL UNIQUE,
    "session_id" CHAR(36) NOT NULL,
    "verifier" TEXT NOT NULL,
    "redirect_uri" TEXT NOT NULL,
    "return_to" TEXT,
    "expires_at" TIMESTAMP NOT NULL,
    "account_id" CHAR(36) NOT NULL REFERENCES "platform_account" ("id") ON DELETE CASCADE
);
INSERT INTO "oauth_visit" VALUES('e791eaed-cf93-5766-acb9-c35462c39180','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ state 😀','d90a8582-1ae0-55c8-8e05-2859bac8d4eb','0 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','0 ü''"; -- \ redirect_uri 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',NULL,'2026-03-01 12:00:00.123450+00:00','aead035f-aeef-568e-9de9-11e31f5d940b');
INSERT INTO "oauth_visit" VALUES('e66bc226-0d22-5033-9b3e-13e0a5f59889','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ state 😀','4ba136ae-6452-52f7-b350-6fd4b62a6682','1 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ redirect_uri 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ return_to 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2026-03-02 12:00:00.123451+00:00','3712a9ef-0afa-5968-8b9c-63dde7d17a5f');
INSERT INTO "oauth_visit" VALUES('38719096-fedf-5638-ab5d-85eddc50a944','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ state 😀','fdb81eda-3b8c-58ec-9af2-5e66b538fd21','2 ü''"; -- \ verifier 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ redirect_uri 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ return_to 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2026-03-03 12:00:00.123452+00:00','ba596aac-a8f6-5dc9-a196-8edbc0ebfc48');
CREATE TABLE "platform_account" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(100) NOT NULL UNIQUE,
    "type" VARCHAR(48) NOT NULL,
    "client_id" VARCHAR(255) NOT NULL,
    "client_secret" TEXT,
    "label" VARCHAR(200) NOT NULL,
    "scopes" TEXT NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "code" VARCHAR(100) NOT NULL,
    "params" JSON NOT NULL,
    "tokens" TEXT,
    "expires_at" TIMESTAMP,
    "revision" INT NOT NULL,
    "renewing_until" TIMESTAMP,
    "renewing_by" VARCHAR(120) NOT NULL
);
INSERT INTO "platform_account" VALUES('aead035f-aeef-568e-9de9-11e31f5d940b','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','0 ü''"; -- \ type 😀','0 ü''"; -- \ client_id 😀',NULL,'0 ü''"; -- \ label 😀','0 ü''"; -- \ scopes 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','0 ü''"; -- \ stat','0 ü''"; -- \ code 😀','{"n": [0, "ü", null]}',NULL,NULL,1,NULL,'0 ü''"; -- \ renewing_by 😀');
INSERT INTO "platform_account" VALUES('3712a9ef-0afa-5968-8b9c-63dde7d17a5f','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','1 ü''"; -- \ type 😀','1 ü''"; -- \ client_id 😀','1 ü''"; -- \ client_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ label 😀','1 ü''"; -- \ scopes 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ stat','1 ü''"; -- \ code 😀','{"n": [1, "ü", null]}','1 ü''"; -- \ tokens 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2026-03-02 12:00:00.123451+00:00',2,'2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ renewing_by 😀');
INSERT INTO "platform_account" VALUES('ba596aac-a8f6-5dc9-a196-8edbc0ebfc48','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','2 ü''"; -- \ type 😀','2 ü''"; -- \ client_id 😀','2 ü''"; -- \ client_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ label 😀','2 ü''"; -- \ scopes 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ stat','2 ü''"; -- \ code 😀','{"n": [2, "ü", null]}','2 ü''"; -- \ tokens 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2026-03-03 12:00:00.123452+00:00',3,'2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ renewing_by 😀');
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
CREATE TABLE "storage_source" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "name" VARCHAR(100) NOT NULL UNIQUE,
    "type" VARCHAR(48) NOT NULL,
    "config" JSON NOT NULL,
    "secrets" TEXT,
    "config_version" INT NOT NULL,
    "read_only" INT NOT NULL,
    "automount" INT NOT NULL,
    "mounted" INT NOT NULL,
    "rescan_interval" INT,
    "revision" INT NOT NULL
);
INSERT INTO "storage_source" VALUES('b0cd6e86-2adb-5890-9dab-97215e236234','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','0 ü''"; -- \ type 😀','{"n": [0, "ü", null]}',NULL,1,1,1,1,NULL,1);
INSERT INTO "storage_source" VALUES('13b8f3bc-3539-5f25-88a2-00a7180e2137','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','1 ü''"; -- \ type 😀','{"n": [1, "ü", null]}','1 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2,2,2,2,2,2);
INSERT INTO "storage_source" VALUES('63956d47-e0c3-5cc1-b11a-7706e61b4d5f','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','2 ü''"; -- \ type 😀','{"n": [2, "ü", null]}','2 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3,3,3,3,3,3);
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
, "account_id" CHAR(36) REFERENCES "platform_account" ("id") ON DELETE RESTRICT);
INSERT INTO "stream_destination" VALUES('86d118ae-008b-5fbc-ac12-3bc8fbdbe238','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','0 ü''"; -- \ type 😀',1,'{"n": [0, "ü", null]}',NULL,1,1,NULL);
INSERT INTO "stream_destination" VALUES('d628d160-aeae-573c-a592-588099d3c6a3','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','1 ü''"; -- \ type 😀',2,'{"n": [1, "ü", null]}','1 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2,2,'3712a9ef-0afa-5968-8b9c-63dde7d17a5f');
INSERT INTO "stream_destination" VALUES('e69f9fb1-c9d2-52e3-a13c-744dd30ae854','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','2 ü''"; -- \ type 😀',3,'{"n": [2, "ü", null]}','2 ü''"; -- \ secrets 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3,3,'ba596aac-a8f6-5dc9-a196-8edbc0ebfc48');
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
, "fallback_asset_id" CHAR(36) REFERENCES "asset" ("id") ON DELETE RESTRICT, "media_id" CHAR(36) REFERENCES "media_item" ("id") ON DELETE SET NULL);
INSERT INTO "stream_job" VALUES('8773837c-b970-5b45-be90-12e72b7c1cc3','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ name 😀','{"n": [0, "ü", null]}','0 ü''"; -- \ sour',NULL,'{"n": [0, "ü", null]}','{"n": [0, "ü", null]}','{"n": [0, "ü", null]}',1,'{"n": [0, "ü", null]}','0 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',1,'0 ü''"; -- \ desi',NULL,1,1,NULL,NULL,NULL);
INSERT INTO "stream_job" VALUES('b98e687e-06dd-5912-9cd6-871bf6274a5f','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ name 😀','{"n": [1, "ü", null]}','1 ü''"; -- \ sour','1 ü''"; -- \ source_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','{"n": [1, "ü", null]}','{"n": [1, "ü", null]}','{"n": [1, "ü", null]}',2,'{"n": [1, "ü", null]}','1 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2,'1 ü''"; -- \ desi','2026-03-02 12:00:00.123451+00:00',2,2,'ac465fa8-55f6-5327-b125-71112eb5df2c','4a70813a-6878-5db2-9372-66869bd06c80','c3dd2678-a898-5194-b50f-306ba139e6e7');
INSERT INTO "stream_job" VALUES('c629cb8a-83d4-5bad-921b-5913dd66ee8e','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ name 😀','{"n": [2, "ü", null]}','2 ü''"; -- \ sour','2 ü''"; -- \ source_secret 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','{"n": [2, "ü", null]}','{"n": [2, "ü", null]}','{"n": [2, "ü", null]}',3,'{"n": [2, "ü", null]}','2 ü''"; -- \ tag_index 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3,'2 ü''"; -- \ desi','2026-03-03 12:00:00.123452+00:00',3,3,'1296bd07-288d-5c90-a681-e3576102e285','6c95e76d-3b6f-5e80-ad46-cfc5d4fbab53','71866c60-477b-56af-adb9-5f155d5dcc83');
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
    "profile_id" CHAR(36) REFERENCES "ffmpeg_profile" ("id") ON DELETE RESTRICT, "broadcast_at" TIMESTAMP, "retired" TEXT, "rollovers" INT NOT NULL DEFAULT 0,
    CONSTRAINT "uid_stream_job__job_id_256d9a" UNIQUE ("job_id", "destination_id")
);
INSERT INTO "stream_job_output" VALUES('282806b0-b5f6-5f05-a191-4326a6222621','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00',1,1,1,NULL,'86d118ae-008b-5fbc-ac12-3bc8fbdbe238','8773837c-b970-5b45-be90-12e72b7c1cc3',NULL,NULL,NULL,1);
INSERT INTO "stream_job_output" VALUES('2914b656-09d5-53ca-86de-dea0c3516a59','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00',2,2,2,'1 ü''"; -- \ broadcast 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','d628d160-aeae-573c-a592-588099d3c6a3','b98e687e-06dd-5912-9cd6-871bf6274a5f','ac465fa8-55f6-5327-b125-71112eb5df2c','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ retired 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',2);
INSERT INTO "stream_job_output" VALUES('dcd04736-4df4-524e-b64a-fe509aaf437d','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00',3,3,3,'2 ü''"; -- \ broadcast 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','e69f9fb1-c9d2-52e3-a13c-744dd30ae854','c629cb8a-83d4-5bad-921b-5913dd66ee8e','1296bd07-288d-5c90-a681-e3576102e285','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ retired 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',3);
CREATE TABLE "stream_metadata" (
    "id" CHAR(36) NOT NULL  PRIMARY KEY,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    "platform" VARCHAR(48) NOT NULL,
    "title" VARCHAR(500) NOT NULL,
    "description" TEXT NOT NULL,
    "category" VARCHAR(200),
    "tags" JSON NOT NULL,
    "language" VARCHAR(35),
    "push_on_start" INT NOT NULL,
    "job_id" CHAR(36) NOT NULL REFERENCES "stream_job" ("id") ON DELETE CASCADE,
    "output_id" CHAR(36) REFERENCES "stream_job_output" ("id") ON DELETE CASCADE,
    "thumbnail_id" CHAR(36) REFERENCES "asset" ("id") ON DELETE SET NULL,
    CONSTRAINT "uid_stream_meta_job_id_ae5d2c" UNIQUE ("job_id", "platform")
);
INSERT INTO "stream_metadata" VALUES('eb387b3c-a616-55bf-80db-66f1f2997532','2026-03-01 12:00:00.123450+00:00','2026-03-01 12:00:00.123450+00:00','0 ü''"; -- \ platform 😀','0 ü''"; -- \ title 😀','0 ü''"; -- \ description 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ',NULL,'{"n": [0, "ü", null]}',NULL,1,'8773837c-b970-5b45-be90-12e72b7c1cc3',NULL,NULL);
INSERT INTO "stream_metadata" VALUES('434757f7-3418-5c54-9018-0be95e22a07e','2026-03-02 12:00:00.123451+00:00','2026-03-02 12:00:00.123451+00:00','1 ü''"; -- \ platform 😀','1 ü''"; -- \ title 😀','1 ü''"; -- \ description 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','1 ü''"; -- \ category 😀','{"n": [1, "ü", null]}','1 ü''"; -- \ language 😀',2,'b98e687e-06dd-5912-9cd6-871bf6274a5f','2914b656-09d5-53ca-86de-dea0c3516a59','4a70813a-6878-5db2-9372-66869bd06c80');
INSERT INTO "stream_metadata" VALUES('76df4d80-0403-51e0-84fa-bfc4c04a84ec','2026-03-03 12:00:00.123452+00:00','2026-03-03 12:00:00.123452+00:00','2 ü''"; -- \ platform 😀','2 ü''"; -- \ title 😀','2 ü''"; -- \ description 😀
long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long ','2 ü''"; -- \ category 😀','{"n": [2, "ü", null]}','2 ü''"; -- \ language 😀',3,'c629cb8a-83d4-5bad-921b-5913dd66ee8e','dcd04736-4df4-524e-b64a-fe509aaf437d','6c95e76d-3b6f-5e80-ad46-cfc5d4fbab53');
CREATE TABLE "tortoise_migrations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);
INSERT INTO "tortoise_migrations" VALUES(1,'core','0001_initial','2026-11-21 23:53:42.809386+00:00');
INSERT INTO "tortoise_migrations" VALUES(2,'core','0002_accounts','2026-11-21 23:53:42.905469+00:00');
INSERT INTO "tortoise_migrations" VALUES(3,'core','0003_streams','2026-11-21 23:53:42.952557+00:00');
INSERT INTO "tortoise_migrations" VALUES(4,'core','0004_engine','2026-11-21 23:53:42.976193+00:00');
INSERT INTO "tortoise_migrations" VALUES(5,'core','0005_named_plugins','2026-11-21 23:53:43.492532+00:00');
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
CREATE INDEX "idx_asset_kind_54bfe9" ON "asset" ("kind");
CREATE INDEX "idx_asset_name_e86870" ON "asset" ("name");
CREATE INDEX "idx_notificatio_key_2d903e" ON "notification_delivery" ("key");
CREATE INDEX "idx_notificatio_target__796d16" ON "notification_delivery" ("target_id", "state", "created_at");
CREATE INDEX "idx_notificatio_target__057497" ON "notification_delivery" ("target_id", "created_at");
CREATE INDEX "idx_platform_ac_type_bf5041" ON "platform_account" ("type");
CREATE INDEX "idx_platform_ac_state_b3e628" ON "platform_account" ("state", "expires_at");
CREATE INDEX "idx_device_gran_code_2cd6ce" ON "device_grant" ("code", "ask_at");
CREATE INDEX "idx_oauth_visit_expires_a97c8f" ON "oauth_visit" ("expires_at");
CREATE INDEX "idx_storage_sou_type_3bd877" ON "storage_source" ("type");
CREATE INDEX "idx_media_item_source__37cc55" ON "media_item" ("source_id", "state");
CREATE INDEX "idx_media_item_name_d65512" ON "media_item" ("name");
CREATE INDEX "idx_media_scan_source__f2fadd" ON "media_scan" ("source_id", "created_at");
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('tortoise_migrations',5);
INSERT INTO "sqlite_sequence" VALUES('audit_entry',3);
COMMIT;
