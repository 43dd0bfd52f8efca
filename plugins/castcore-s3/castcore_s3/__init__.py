"""Storage in S3 buckets: AWS, Cloudflare R2, Backblaze B2, MinIO and everything that speaks the same protocol."""

__version__ = "1.0.0"
